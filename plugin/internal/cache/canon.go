package cache

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sha2"
)

// canon writes canonical JSON: see KEY.md. Members are written in the order of their keys
// by whoever writes an object; those of the client's own values are put in order here.
type canon struct {
	rawjson.Builder
	doc     rawjson.Doc
	scratch []byte
	turn    [2]int // where the parts of the last message are
}

// open and close write brackets around a value; add writes a value among others.

//go:noinline
func (c *canon) open(bracket string) {
	c.Comma()
	c.Raw(bracket)
}

//go:noinline
func (c *canon) object(key string) {
	c.Key(key)
	c.Raw("{")
}

//go:noinline
func (c *canon) array(key string) {
	c.Key(key)
	c.Raw("[")
}

// quoted writes an element that is a string.
//
//go:noinline
func (c *canon) quoted(s string) {
	c.Comma()
	c.Dst = rawjson.AppendString(c.Dst, s)
}

// pair writes an element that is a pair up to its second half.
//
//go:noinline
func (c *canon) pair(first string) {
	c.open("[")
	c.quoted(first)
	c.Comma()
}

// word writes a member that is a string, unless it is empty.
//
//go:noinline
func (c *canon) word(key, s string) {
	if s != "" {
		c.Key(key)
		c.Dst = rawjson.AppendString(c.Dst, s)
	}
}

// text is word for a text as it is spelled.
//
//go:noinline
func (c *canon) text(key string, t chat.Text) {
	if len(t) > 0 {
		c.Key(key)
		c.string(t)
	}
}

// integer writes a member that is a number, unless it is 0.
//
//go:noinline
func (c *canon) integer(key string, n int64) {
	if n == 0 {
		return
	}
	exponent := int64(0)
	for n%10 == 0 {
		n, exponent = n/10, exponent+1
	}
	c.Key(key)
	if c.Dst = rawjson.AppendInt(c.Dst, n); exponent > 0 {
		c.Dst = rawjson.AppendInt(append(c.Dst, 'e'), exponent)
	}
}

//go:noinline
func (c *canon) yes(key string, is bool) {
	if is {
		c.Key(key)
		c.Raw("true")
	}
}

// number writes a number as it is spelled, unless there is none, or it is 0 where 0 is what
// not to say means.
//
//go:noinline
func (c *canon) number(key string, raw chat.Raw, zero bool) {
	if raw == nil {
		return
	}
	from := len(c.Dst)
	c.Key(key)
	at := len(c.Dst)
	c.Dst = appendNumber(c.Dst, raw)
	if zero && string(c.Dst[at:]) == "0" {
		c.Dst = c.Dst[:from]
	}
}

// value writes a member that is JSON of the client's, unless there is none.
//
//go:noinline
func (c *canon) value(key string, raw chat.Raw) {
	if len(raw) > 0 {
		c.Key(key)
		c.json(raw)
	}
}

// json writes JSON of the client's.
func (c *canon) json(raw []byte) {
	if c.doc.Parse(raw) != nil { // it is part of a document that was read, so this cannot be
		c.Dst = rawjson.AppendString(c.Dst, raw)
		return
	}
	c.any(c.doc.Root())
}

// any writes a value of a document. Documents have a bounded depth.
func (c *canon) any(v rawjson.Value) {
	switch v.Kind() {
	case rawjson.String:
		c.string(chat.Spelled(v))
	case rawjson.Number:
		c.Dst = appendNumber(c.Dst, v.Raw())
	case rawjson.Array:
		c.Raw("[")
		for it := v.Items(); it.Next(); {
			c.Comma()
			c.any(it.Value)
		}
		c.Raw("]")
	case rawjson.Object:
		c.members(v, nil)
	default:
		c.Put(v.Raw())
	}
}

type member struct {
	key   []byte
	value rawjson.Value
}

// members writes an object, but for those of its members that are to be left out.
func (c *canon) members(v rawjson.Value, without func(key []byte, v rawjson.Value) bool) {
	list := make([]member, 0, v.Len())
	for it := v.Members(); it.Next(); {
		if without != nil && without(it.Key.Bytes(), it.Value) {
			continue
		}
		list = append(list, member{it.Key.Bytes(), it.Value})
	}
	c.Raw("{")
	for _, i := range ordered(len(list), func(a, b uint32) int { return bytes.Compare(list[a].key, list[b].key) }) {
		c.Comma()
		c.Dst = rawjson.AppendString(c.Dst, list[i].key)
		c.Raw(":")
		c.any(list[i].value)
	}
	c.Raw("}")
}

// ordered are the numbers below n in an order. Sorting numbers is in the module anyway; to
// sort anything else would add some 20 KB.
func ordered(n int, compare func(a, b uint32) int) []uint32 {
	order := make([]uint32, n)
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, compare)
	return order
}

// string writes a string: every character as itself but for those that JSON has to escape,
// each of which has one escape.
func (c *canon) string(t chat.Text) {
	c.Raw(`"`)
	for {
		i := bytes.IndexByte(t, '\\')
		if i < 0 || i+1 >= len(t) {
			c.Put(t)
			break
		}
		c.Put(t[:i])
		n := 2
		switch t[i+1] {
		case '"', '\\', 'n', 'r', 't':
			c.Put(t[i : i+2])
		default:
			for n = escapeLength(t[i:]); i+n < len(t) && t[i+n] == '\\' && i+n+1 < len(t) && t[i+n+1] == 'u'; {
				n += escapeLength(t[i+n:]) // halves of a character stay together
			}
			c.scratch = rawjson.AppendUnescaped(c.scratch[:0], t[i:i+n])
			c.Dst = rawjson.AppendEscaped(c.Dst, c.scratch)
		}
		t = t[i+n:]
	}
	c.Raw(`"`)
}

// escapeLength is how many bytes the escape takes that t begins with.
func escapeLength(t []byte) int {
	if t[1] == 'u' {
		return min(6, len(t))
	}
	return 2
}

// appendNumber writes a number so that equal ones are written alike: the digits without
// zeros around them, and the power of ten that they are multiplied with, if it is not 0.
func appendNumber(dst, raw []byte) []byte {
	at, exponent := len(dst), 0
	mantissa := raw
	if len(mantissa) > 0 && mantissa[0] == '-' {
		dst, mantissa = append(dst, '-'), mantissa[1:]
	}
	from := len(dst)
	fraction := false
	for i, d := range mantissa {
		if d == 'e' || d == 'E' {
			n, err := strconv.Atoi(string(mantissa[i+1:]))
			if err != nil || n > mostExponent || n < -mostExponent { // beyond any that means something
				return append(dst[:at], raw...)
			}
			exponent += n
			break
		}
		if d == '.' {
			fraction = true
			continue
		}
		if fraction {
			exponent--
		}
		if d != '0' || len(dst) > from {
			dst = append(dst, d)
		}
	}
	for len(dst) > from && dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
		exponent++
	}
	if len(dst) == from {
		return append(dst[:at], '0')
	}
	if exponent != 0 {
		dst = strconv.AppendInt(append(dst, 'e'), int64(exponent), 10)
	}
	return dst
}

const mostExponent = 1 << 20

// digest writes a member that is the SHA-256 of bytes, in hexadecimal.
func (c *canon) digest(key string, content []byte) {
	sum := sha2.Sum(content)
	c.Key(key)
	c.Raw(`"`)
	c.Dst = AppendHex(c.Dst, sum[:])
	c.Raw(`"`)
}

// AppendHex appends bytes as hexadecimal digits.
func AppendHex(dst, p []byte) []byte {
	for _, b := range p {
		dst = append(dst, digits[b>>4], digits[b&15])
	}
	return dst
}

// content writes what a file has in it: by its bytes, however they are spelled.
func (c *canon) content(m *chat.Media) {
	c.scratch = rawjson.AppendUnescaped(c.scratch[:0], m.Data)
	if !m.Plain {
		n, err := base64.StdEncoding.Decode(c.scratch, c.scratch)
		if err != nil {
			c.digest("text_sha256", m.Data)
			return
		}
		c.scratch = c.scratch[:n]
	}
	c.digest("sha256", c.scratch)
}
