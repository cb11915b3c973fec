package gateway

import (
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// showLimits tells how the limits stand for a request that the operator describes.
func (s *Stream) showLimits(params []byte) *Step {
	request, e := s.w.parse(params)
	for it := request.Members(); it.Next(); {
		if _, ok := limit.ReadAttribute(it.Key.Str()); !ok {
			e = invalid("invalid_value", "", brief(it.Key.Str())+": want consumer, tenant, tier, ip, model, provider, operation, header:NAME, metadata:NAME or claim:NAME")
		}
	}
	if e != nil {
		return s.reject(e)
	}
	var views []limit.View
	if w := s.w; w.book != nil {
		views = w.book.View(&subject{request, w}, w.plan.Usage.Limits, w.port.Now())
	}
	var w rawjson.Writer
	w.Object().Key("limits").Array()
	for i := range views {
		writeView(&w, &views[i])
	}
	w.EndArray().EndObject()
	return s.page200("application/json", w.Bytes())
}

func writeView(w *rawjson.Writer, v *limit.View) {
	r := v.Rule
	w.Object()
	text(w, "name", r.Title())
	text(w, "unit", r.Unit.String())
	w.Key("key").Array()
	for _, a := range v.Key {
		w.Str(keyWord(a))
	}
	w.EndArray()
	if r.Window != limit.Open {
		text(w, "per", r.Period.String())
	}
	if r.Unit == limit.USD {
		text(w, "limit", dollars(v.Limit))
		text(w, "remaining", dollars(v.Remaining))
	} else {
		number(w, "limit", v.Limit)
		number(w, "remaining", v.Remaining)
	}
	number(w, "reset_seconds", seconds(v.Reset))
	if r.Shadow {
		text(w, "mode", "shadow")
	}
	w.EndObject()
}

func keyWord(a limit.Attribute) string {
	if a.Name == "" {
		return a.Kind.String()
	}
	return a.Kind.String() + ":" + a.Name
}

// A subject is a request as the parameters of another describe it, each named as a limit's
// key has it.
type subject struct {
	params rawjson.Value
	w      *Worker
}

// Attribute is empty where nothing was said. A model is named as the configuration has it.
func (x *subject) Attribute(a limit.Attribute) string {
	v := x.params.Get(keyWord(a)).Str()
	if a.Kind == limit.Model {
		if space, ok := x.w.plan.Space(x.params.Get("tenant").Str()); ok {
			if m := space.Find(v, nil); m != nil {
				return m.Name
			}
		}
	}
	return v
}

// Asks is the model as a client calls it.
func (x *subject) Asks() string { return x.params.Get("model").Str() }
