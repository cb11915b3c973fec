package route

import "github.com/postern-gateway/postern/adapters/rawjson"

// LastText is the last text of the user's in a request of any dialect, as it is; empty if
// there is none. A long one is cut.
func LastText(request rawjson.Value) string {
	for _, key := range [...]string{"messages", "contents", "input", "prompt", "query", "inputs"} {
		if v := request.Get(key); v.Exists() {
			return string(lastOf(v))
		}
	}
	return ""
}

// mostText bounds what of a text is compared.
const mostText = 16 << 10

// lastOf finds the last message of the user's, or the last text of a list of texts.
func lastOf(v rawjson.Value) []byte {
	if v.Kind() == rawjson.String {
		return cut(v.Bytes())
	}
	var last rawjson.Value
	for it := v.Items(); it.Next(); {
		if role := it.Value.Get("role"); !role.Exists() || role.Is("user") {
			last = it.Value
		}
	}
	switch last.Kind() {
	case rawjson.String:
		return cut(last.Bytes())
	case rawjson.Object:
		for _, key := range [...]string{"content", "parts"} {
			if c := last.Get(key); c.Exists() {
				return parts(c)
			}
		}
		return cut(last.Get("text").Bytes())
	}
	return nil
}

// parts joins the texts of a message.
func parts(content rawjson.Value) []byte {
	if content.Kind() == rawjson.String {
		return cut(content.Bytes())
	}
	var all []byte
	for it := content.Items(); it.Next() && len(all) < mostText; {
		if t := it.Value.Get("text"); t.Kind() == rawjson.String {
			if len(all) > 0 {
				all = append(all, '\n')
			}
			all = append(all, t.Bytes()...)
		}
	}
	return cut(all)
}

func cut(b []byte) []byte { return b[:min(len(b), mostText)] }

// Prefix hashes what does not change while a conversation goes on: what the model is told
// about itself and the first message, or else the whole. 0 if there is nothing.
func Prefix(request rawjson.Value) uint64 {
	h := uint64(0)
	for _, key := range [...]string{"system", "systemInstruction", "system_instruction", "instructions"} {
		if v := request.Get(key); v.Exists() {
			h = HashBytes(h+1, v.Raw())
		}
	}
	for _, key := range [...]string{"messages", "contents", "input", "prompt"} {
		v := request.Get(key)
		switch v.Kind() {
		case rawjson.String:
			return HashBytes(h+1, v.Raw())
		case rawjson.Array:
			for it := v.Items(); it.Next(); {
				h = HashBytes(h+1, it.Value.Raw())
				role := it.Value.Get("role")
				if !role.Is("system") && !role.Is("developer") {
					break
				}
			}
			return h
		}
	}
	return h
}
