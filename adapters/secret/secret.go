// Package secret holds values that must not be printed: keys and tokens.
//
// A String shows itself as [redacted] wherever something prints, marshals or dumps
// it, also deep inside another value's unexported fields. Only Reveal gives it out.
package secret

import (
	"crypto/subtle"
	"fmt"
)

const (
	redacted = "[redacted]"
	empty    = "[empty]"
)

// A String is a secret. Its zero value is empty.
type String struct {
	// Behind a pointer, since fmt calls no method on another value's unexported
	// fields: it prints what is there, and of a pointer only the address.
	value *string
}

// New makes a secret of s.
func New(s string) String {
	if s == "" {
		return String{}
	}
	return String{&s}
}

// Reveal is the secret itself, for the one place that sends or compares it.
func (s String) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is no secret.
func (s String) Empty() bool { return s.value == nil }

// Equal reports whether two secrets are the same. Its time depends on their
// lengths, not on what they hold.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String is [redacted], or [empty] for the zero value.
func (s String) String() string {
	if s.Empty() {
		return empty
	}
	return redacted
}

// GoString is for %#v.
func (s String) GoString() string { return s.String() }

// Format prints the same for every verb and flag.
func (s String) Format(f fmt.State, _ rune) {
	// A failed write is the printer's to report: this interface has no way to.
	_, _ = f.Write([]byte(s.String()))
}

// MarshalText is for every encoding that takes text, JSON keys and slog included.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON never holds the secret either.
func (s String) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }
