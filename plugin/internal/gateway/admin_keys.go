package gateway

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/rfc3339"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/revoked"
)

// revoke takes a credential out of use.
func (s *Stream) revoke(body []byte) *Step {
	now := s.w.port.Now()
	x := revoked.Entry{Since: now / 1e9}
	if err := strict.Decode(body, func(o *strict.Object) {
		x.ID = credentialID(o)
		text := o.Str("expires", "", "")
		var ok bool
		if x.Until, ok = rfc3339.Parse([]byte(text)); text != "" && (!ok || x.Until <= x.Since) {
			o.Fail("expires", "want a time to come such as 2026-11-26T22:13:20Z, after which the entry is forgotten")
		}
	}); err != nil {
		return s.reject(wrong(err))
	}
	switch err := s.w.revoked.Add(x, now); err {
	case nil:
	case revoked.ErrFull:
		return s.reject(&chat.Error{Status: 409, Kind: chat.InvalidRequest, Code: "too_many_revoked", Message: "no more than " + itoa(revoked.Most) + " credentials can be revoked at run time; take some out of the configuration and restore them here"})
	default:
		return s.reject(notStoredNow())
	}
	var w rawjson.Writer
	writeRevoked(&w, x)
	return s.page200("application/json", w.Bytes())
}

// restoreKey lets one be used again.
func (s *Stream) restoreKey(body []byte) *Step {
	var id revoked.ID
	if err := strict.Decode(body, func(o *strict.Object) { id = credentialID(o) }); err != nil {
		return s.reject(wrong(err))
	}
	found, err := s.w.revoked.Remove(id, s.w.port.Now())
	switch {
	case err != nil:
		return s.reject(notStoredNow())
	case !found:
		return s.reject(&chat.Error{Status: 404, Kind: chat.NotFound, Code: "not_revoked", Message: "this credential is not revoked here; what the configuration revokes only the configuration restores"})
	}
	return s.page200("application/json", []byte(`{"restored":"`+hexOf(id)+`"}`))
}

// credentialID reads which credential a request is about: by its SHA-256, or a key that
// describes itself by its id.
func credentialID(o *strict.Object) (id revoked.ID) {
	sum, name := o.Str("sha256", "", ""), o.Str("id", "", "")
	o.ExactlyOne("sha256", "id")
	switch {
	case o.Has("id"):
		if name == "" {
			o.Fail("id", "want the id of a key")
		}
		return identity.SignedID(name)
	case !config.Unhex(id[:], sum):
		o.Fail("sha256", "want the SHA-256 of an API key or a token in 64 hexadecimal digits, not the key itself")
	}
	return id
}

// showRevoked lists what is revoked.
func (s *Stream) showRevoked([]byte) *Step {
	var w rawjson.Writer
	w.Object().Key("revoked").Array()
	s.w.revoked.Each(s.w.port.Now(), func(x revoked.Entry) { writeRevoked(&w, x) })
	return s.page200("application/json", w.EndArray().EndObject().Bytes())
}

func writeRevoked(w *rawjson.Writer, x revoked.Entry) {
	w.Object()
	text(w, "sha256", hexOf(x.ID))
	text(w, "since", string(rfc3339.Append(nil, x.Since)))
	if x.Until != 0 {
		text(w, "expires", string(rfc3339.Append(nil, x.Until)))
	}
	w.EndObject()
}

//go:noinline
func hexOf(id [32]byte) string {
	const digits = "0123456789abcdef"
	var out [2 * len(id)]byte
	for i, b := range id {
		out[2*i], out[2*i+1] = digits[b>>4], digits[b&15]
	}
	return string(out[:])
}
