package openai

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// strictly reports whether a schema may be strict here. Other APIs enforce schemas whose
// members may be missing; this one refuses them where strict is set
// (https://platform.openai.com/docs/guides/structured-outputs): each object has to be
// closed and to require all of its members. OpenAI's own clients know that.
func (b *builder) strictly(schema chat.Raw) bool {
	if b.r.Dialect == dialectName {
		return true
	}
	var doc rawjson.Doc
	return doc.Parse(schema) == nil && isStrict(doc.Root())
}

// isStrict looks into all that a schema holds: whatever has properties is an object's schema.
func isStrict(v rawjson.Value) bool {
	if v.Kind() == rawjson.Array {
		for it := v.Items(); it.Next(); {
			e := it.Value
			if !isStrict(e) {
				return false
			}
		}
		return true
	}
	properties := v.Get("properties")
	if v.Get("type").Is("object") || properties.Kind() == rawjson.Object {
		open, ok := v.Get("additionalProperties").Bool()
		if !ok || open || !requiresAll(v.Get("required"), properties) {
			return false
		}
	}
	for it := v.Members(); it.Next(); {
		m := it.Value
		if !isStrict(m) {
			return false
		}
	}
	return true
}

func requiresAll(required, properties rawjson.Value) bool {
	if required.Len() < properties.Len() {
		return false
	}
	names := make(map[string]bool, required.Len())
	for it := required.Items(); it.Next(); {
		r := it.Value
		names[r.Str()] = true
	}
	for it := properties.Members(); it.Next(); {
		k := it.Key
		if !names[k.Str()] {
			return false
		}
	}
	return true
}
