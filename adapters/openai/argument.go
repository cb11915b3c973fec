package openai

import "github.com/postern-gateway/postern/adapters/chat"

// An argument follows the arguments of a call as they come, to know when their object
// is complete. They are JSON within a JSON string.
type argument struct {
	depth    int32
	quoted   bool
	escaped  bool // within the inner document
	complete bool
}

func (a *argument) feed(t chat.Text) {
	for i := 0; i < len(t) && !a.complete; i++ {
		c := t[i]
		if c == '\\' {
			c, i = unescape(t, i)
		}
		a.step(c)
	}
}

// step takes one character of the arguments.
func (a *argument) step(c byte) {
	switch {
	case a.escaped:
		a.escaped = false
	case a.quoted:
		a.escaped = c == '\\'
		a.quoted = c != '"'
	case c == '"':
		a.quoted = true
	case c == '{' || c == '[':
		a.depth++
	case c == '}' || c == ']':
		a.depth--
		a.complete = a.depth <= 0
	}
}

// unescape reads the escape at i: the character that it stands for, as far as step
// tells characters apart, and the place of its last byte.
func unescape(t chat.Text, i int) (c byte, end int) {
	if i+1 >= len(t) {
		return ' ', i
	}
	switch c = t[i+1]; c {
	case '"', '\\', '/':
		return c, i + 1
	case 'u':
		if i+5 >= len(t) {
			return ' ', len(t) - 1
		}
		if t[i+2] != '0' || t[i+3] != '0' {
			return 'x', i + 5
		}
		return digit(t[i+4])<<4 | digit(t[i+5]), i + 5
	}
	return ' ', i + 1
}

func digit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// blank reports whether what follows complete arguments adds nothing to them.
func (a *argument) blank(t chat.Text) bool {
	for i := 0; i < len(t); i++ {
		c := t[i]
		if c == '\\' {
			c, i = unescape(t, i)
		}
		if c > ' ' {
			return false
		}
	}
	return true
}
