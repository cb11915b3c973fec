package route

import (
	"math/bits"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// LastText is the last text of the user's in a request of any dialect, as it is; empty if
// there is none. A long one is cut. It is a part of the request where it can be, and void when
// that is.
func LastText(request rawjson.Value) []byte {
	for it := request.Members(); it.Next(); {
		switch string(it.Key.Bytes()) {
		case "messages", "contents", "input", "prompt", "query", "inputs":
			return lastOf(it.Value)
		}
	}
	return nil
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
// about itself and the first message, or else the whole. 0 if there is nothing. Of what is
// long only the beginning, the end and the length count.
func Prefix(request rawjson.Value) uint64 {
	var told, said uint64
	for it := request.Cursor(); it.Next(); {
		switch string(it.Key.Bytes()) {
		case "system", "systemInstruction", "system_instruction", "instructions":
			told = ends(told, it.Value.Raw())
		case "messages", "contents", "input", "prompt":
			said = opening(it.Value)
		}
	}
	if told|said == 0 {
		return 0
	}
	return mix(told + said)
}

// opening hashes messages up to the first that is not an instruction.
func opening(v rawjson.Value) (h uint64) {
	if v.Kind() != rawjson.Array {
		return ends(1, v.Raw())
	}
	for it := v.Cursor(); it.Next(); {
		h = ends(h+1, it.Value.Raw())
		switch string(it.Value.Get("role").Bytes()) {
		case "system", "developer":
		default:
			return h
		}
	}
	return h
}

// ends goes on with a hash, eight bytes at a time.
func ends(h uint64, p []byte) uint64 {
	const part = 256
	var end []byte
	if n := len(p); n > 2*part {
		h += uint64(n)
		p, end = p[:part], p[n-part:]
	}
	for {
		h += uint64(len(p))
		for len(p) >= 8 {
			h = bits.RotateLeft64(h^uint64(readInt(p))*0x9e3779b97f4a7c15, 29) * 0xbf58476d1ce4e5b9
			p = p[8:]
		}
		for _, c := range p {
			h = (h ^ uint64(c)) * 1099511628211
		}
		if h = mix(h); end == nil {
			return h
		}
		p, end = end, nil
	}
}
