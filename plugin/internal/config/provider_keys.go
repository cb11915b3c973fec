package config

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

// key reads one of a provider's keys.
func (r *reader) key(p *Provider, o *strict.Object) {
	k := Key{Weight: o.Int("weight", "Its share of the requests.", 1, 1, 1_000_000)}
	env := o.Str("env", "Name of the environment variable of the Wasm VM that holds the key.", "")
	envs := o.Strings("envs", "Names of variables whose values, joined by colons, are the key, such as an access key. The last of three or more may be unset.")
	k.Value = o.Secret("value", "The key itself.")
	passthrough := o.Bool("passthrough", "Send the client's own key.", false)
	injected := o.Bool("injected", "Send none: the proxy adds the credential.", false)
	o.ExactlyOne("env", "envs", "value", "passthrough", "injected")
	var err error
	switch {
	case passthrough:
		k.Source, r.out.PassesKeys = Passthrough, true
	case injected:
		k.Source = Injected
	case env != "":
		if k.Value, err = fromEnvironment(r.parts.Environment, env); err != nil {
			o.Fail("env", err.Error())
		}
	case o.Has("envs"):
		k.Value = r.joined(o, envs)
	}
	if x, ok := p.Adapter.(adapters.Exchanger); ok && !k.Value.Empty() {
		exchanged, err := x.Exchanges(k.Value)
		if err != nil {
			o.Fail("", err.Error())
		}
		if exchanged || err != nil {
			k.Source = Exchanged
		}
	}
	if k.Source != Exchanged && !HeaderSafe(k.Value.Reveal()) {
		o.Fail("", "the key has characters that no header may have")
	}
	if k.Source == FromConfig && p.Adapter != nil && !k.Value.Empty() {
		k.Headers = p.Adapter.Credential(k.Value)
		r.signer(p, &k, o)
	}
	p.Keys = append(p.Keys, k)
	p.total += k.Weight
}

// joined is the key that several variables make together.
func (r *reader) joined(o *strict.Object, names []string) secret.String {
	if len(names) < 2 {
		o.Fail("envs", "want at least two names; one is env")
	}
	var values []string
	for i, name := range names {
		v, err := fromEnvironment(r.parts.Environment, name)
		switch {
		case err == nil:
			values = append(values, v.Reveal())
		case i < 2 || i < len(names)-1:
			o.FailItem("envs", i, err.Error())
		}
	}
	return secret.New(strings.Join(values, ":"))
}

// signer finds out whether a key signs requests, and whether it can: by signing one.
func (r *reader) signer(p *Provider, k *Key, o *strict.Object) {
	s, ok := p.Adapter.(adapters.Signer)
	if !ok || k.Headers != nil {
		return
	}
	k.Signs = true
	if _, err := s.Sign(k.Value, &adapters.Outgoing{Method: "POST", Host: p.Host, Path: "/"}, 0); err != nil {
		o.Fail("", err.Error())
	}
	if p.Host == "" {
		o.Fail("", "a key that signs requests needs the provider's host")
	}
	if r.out.HoldHeaders == HoldNever {
		o.Fail("", "a key that signs requests needs their bodies: it cannot be with hold_headers: never")
	}
}

// HeaderSafe reports whether a secret can stand in a header.
func HeaderSafe(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
