package cel

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

type kind uint8

const (
	kindEnd    kind = iota
	kindSign        // operators, brackets and the words true, false, null and in
	kindName        // any other word
	kindQuoted      // a name, without its backquotes
	kindInt         // without a minus
	kindUint        // without its u
	kindDouble      // without a minus
	kindString      // the text that it means
	kindBytes       // the bytes that it means
)

// A token is a word of an expression.
type token struct {
	kind kind
	text string
}

func (t token) String() string {
	if t.kind == kindEnd {
		return "end"
	}
	return fmt.Sprintf("%q", t.text)
}

// maxSize is in code points.
const maxSize = 100_000

// scan cuts an expression into tokens; after the last come ends.
func scan(text string) ([]token, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("want UTF-8")
	}
	if utf8.RuneCountInString(text) > maxSize {
		return nil, errors.New("too long")
	}
	var tokens []token
	for len(text) > 0 {
		t, n, err := next(text)
		if err != nil {
			return nil, err
		}
		if t.kind != kindEnd { // a space or a comment
			tokens = append(tokens, t)
		}
		text = text[n:]
	}
	return tokens, nil
}

// next returns the first token of a text that is not empty, and its length.
func next(text string) (token, int, error) {
	c := text[0]
	switch {
	case strings.IndexByte(" \t\r\n\f", c) >= 0:
		return token{}, 1, nil
	case strings.HasPrefix(text, "//"):
		line, _, _ := strings.Cut(text, "\n")
		return token{}, len(line), nil
	case isDigit(c) || c == '.' && len(text) > 1 && isDigit(text[1]):
		t, n := number(text)
		return t, n, nil
	case c == '`':
		name, _, ok := strings.Cut(text[1:], "`")
		if !ok || name == "" || strings.IndexFunc(name, func(r rune) bool { return !isQuotable(r) }) >= 0 {
			return token{}, 0, errors.New("want a name in backquotes")
		}
		return token{kindQuoted, name}, len(name) + 2, nil
	}
	if n := prefixLength(text); n < len(text) && (text[n] == '"' || text[n] == '\'') {
		return quoted(text, n)
	}
	if isLetter(c) {
		n := span(text, func(c byte) bool { return isLetter(c) || isDigit(c) })
		switch name := text[:n]; name {
		case "true", "false", "null", "in":
			return token{kindSign, name}, n, nil
		default:
			return token{kindName, name}, n, nil
		}
	}
	for _, sign := range []string{"==", "!=", "<=", ">=", "&&", "||"} {
		if strings.HasPrefix(text, sign) {
			return token{kindSign, sign}, 2, nil
		}
	}
	if strings.IndexByte("<>[]{}().,-!?:+*/%", c) >= 0 {
		return token{kindSign, text[:1]}, 1, nil
	}
	r, _ := utf8.DecodeRuneInString(text)
	return token{}, 0, fmt.Errorf("unexpected %q", r)
}

// prefixLength is that of the b and r in front of a string.
func prefixLength(text string) int {
	n := 0
	if text[0]|0x20 == 'b' {
		n++
	}
	if n < len(text) && text[n]|0x20 == 'r' {
		n++
	}
	return n
}

// number reads an integer or a decimal fraction.
func number(text string) (token, int) {
	if len(text) > 2 && text[:2] == "0x" && isHex(text[2]) {
		n := 2 + span(text[2:], isHex)
		return unsigned(text, n)
	}
	n, kind := span(text, isDigit), kindInt
	if n+1 < len(text) && text[n] == '.' && isDigit(text[n+1]) {
		n += 1 + span(text[n+1:], isDigit)
		kind = kindDouble
	}
	if e := exponent(text[n:]); e > 0 {
		n += e
		kind = kindDouble
	}
	if kind == kindDouble {
		return token{kind, text[:n]}, n
	}
	return unsigned(text, n)
}

// unsigned looks for a u behind the n digits of a number.
func unsigned(text string, n int) (token, int) {
	if n < len(text) && text[n]|0x20 == 'u' {
		return token{kindUint, text[:n]}, n + 1
	}
	return token{kindInt, text[:n]}, n
}

// exponent is the length of an exponent in front of a text, or 0.
func exponent(text string) int {
	if text == "" || text[0]|0x20 != 'e' {
		return 0
	}
	n := 1
	if n < len(text) && (text[n] == '+' || text[n] == '-') {
		n++
	}
	digits := span(text[n:], isDigit)
	if digits == 0 {
		return 0
	}
	return n + digits
}

// span is the length of the longest prefix whose bytes are all of a kind.
func span(text string, is func(byte) bool) int {
	n := 0
	for n < len(text) && is(text[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isHex(c byte) bool    { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isQuotable(r rune) bool {
	return r < utf8.RuneSelf && (isDigit(byte(r)) || isLetter(byte(r)) || strings.ContainsRune(".-/ ", r))
}
