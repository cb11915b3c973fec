// Package multipart finds the fields of a form of RFC 7578 (https://www.rfc-editor.org/rfc/rfc7578),
// the content type multipart/form-data, without taking the form apart.
//
// It is stricter than what reads such forms elsewhere: where parsers could see different
// fields in the same bytes there is an error, so that a field found here is the one that
// whoever gets the form finds. It decodes nothing and keeps nothing.
package multipart

import (
	"bytes"
	"errors"
	"strings"
)

// What can be wrong with a form.
var (
	ErrBoundary = errors.New("the content type has no boundary of 1 to 70 plain characters")
	ErrForm     = errors.New("the body is not a form with this boundary")
	ErrPart     = errors.New("a part of the form has a head that cannot be read")
	ErrTwice    = errors.New("the form has the field more than once")
)

// Bounds of one form, far above what APIs take.
const (
	mostParts    = 1000
	mostHead     = 8 << 10
	mostBoundary = 70 // https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
)

// Boundary is the parameter of a content type that separates the parts.
func Boundary(contentType string) (string, error) {
	_, params, _ := strings.Cut(contentType, ";")
	found := ""
	for params != "" {
		name, value, rest, ok := parameter(params)
		if !ok || strings.EqualFold(name, "boundary") && found != "" {
			return "", ErrBoundary
		}
		if strings.EqualFold(name, "boundary") {
			found = value
		}
		params = rest
	}
	if found == "" || len(found) > mostBoundary {
		return "", ErrBoundary
	}
	for _, c := range []byte(found) {
		if c < ' ' || c >= 0x7f {
			return "", ErrBoundary
		}
	}
	return found, nil
}

// A Field is a part of a form: its name, empty if it has none, whether it is a file, and
// where its value is in the body. FileName is empty unless everybody reads the same in it.
type Field struct {
	Name       string
	File       bool
	FileName   string
	Type       string // its content type as it stands there, blanks and all; or several
	Start, End int
}

// Find is where in a form's body the value of a field is; start is -1 if there is none.
func Find(body []byte, boundary, name string) (start, end int, err error) {
	start, end = -1, -1
	twice := false
	err = Each(body, boundary, func(f Field) {
		if f.Name == name {
			twice = twice || start >= 0
			start, end = f.Start, f.End
		}
	})
	if err == nil && twice {
		err = ErrTwice
	}
	if err != nil {
		return -1, -1, err
	}
	return start, end, nil
}

// Each visits the parts of a form, in their order. If there is an error what it has visited
// may be what nobody else sees.
func Each(body []byte, boundary string, visit func(Field)) error {
	delimiter := []byte("--" + boundary)
	at := 0
	if bytes.HasPrefix(body, []byte("\r\n")) {
		at = 2
	}
	if !bytes.HasPrefix(body[at:], delimiter) {
		return ErrForm
	}
	for range mostParts {
		at += len(delimiter)
		rest := body[at:]
		if bytes.HasPrefix(rest, []byte("--")) {
			if bytes.Contains(rest, delimiter) { // some would read on
				return ErrForm
			}
			return nil
		}
		blanks := 0
		for blanks < len(rest) && (rest[blanks] == ' ' || rest[blanks] == '\t') {
			blanks++
		}
		if !bytes.HasPrefix(rest[blanks:], []byte("\r\n")) {
			return ErrForm
		}
		at += blanks
		f, err := head(body, at)
		if err != nil {
			return err
		}
		if at, err = next(body, f.Start, delimiter); err != nil {
			return err
		}
		f.End = at - len("\r\n")
		visit(f)
	}
	return ErrForm
}

// next is where the delimiter after a part begins. One at the beginning of a line that
// does not end as it should is what parsers differ about.
func next(body []byte, from int, delimiter []byte) (int, error) {
	for at := from; ; {
		i := bytes.Index(body[at:], delimiter)
		if i < 0 {
			return 0, ErrForm
		}
		at += i
		switch {
		case at >= from+2 && body[at-2] == '\r' && body[at-1] == '\n':
			return at, nil
		case body[at-1] == '\n' || body[at-1] == '\r':
			return 0, ErrForm
		}
		at += len(delimiter)
	}
}

// head reads the lines before a part's value. at is where the line break before them is.
func head(body []byte, at int) (f Field, err error) {
	at += len("\r\n")
	encoded := false
	for first := at; ; {
		n := bytes.Index(body[at:min(len(body), first+mostHead)], []byte("\r\n"))
		if n < 0 {
			return Field{}, ErrPart
		}
		line := string(body[at : at+n])
		at += n + len("\r\n")
		if line == "" {
			break
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok || key == "" || strings.ContainsAny(line, "\r\n\x00") || strings.ContainsAny(key, " \t") { // a line that goes on with the one before, too
			return Field{}, ErrPart
		}
		switch strings.ToLower(key) {
		case "content-disposition":
			if f.Name != "" {
				return Field{}, ErrPart
			}
			if ok = f.disposition(value); !ok {
				return Field{}, ErrPart
			}
		case "content-type":
			if f.Type += value; f.Type != value {
				f.Type = "several"
			}
		case "content-transfer-encoding":
			encoded = true
		}
	}
	if encoded && f.Name != "" { // which forms do not have, and few would decode
		return Field{}, ErrPart
	}
	f.Start = at
	return f, nil
}

// disposition reads a Content-Disposition; false if that cannot be done.
func (f *Field) disposition(value string) bool {
	kind, params, _ := strings.Cut(value, ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "form-data") {
		return false
	}
	names := 0 // of the file
	for params != "" {
		key, v, rest, ok := parameter(params)
		if !ok {
			return false
		}
		switch strings.ToLower(key) {
		case "name*":
			return false
		case "name":
			if f.Name != "" {
				return false
			}
			f.Name = v
		case "filename", "filename*": // the second is in another character set, and not read by all
			f.FileName, names = v, names+len(key)-len("filename")+1
			f.File = true
		}
		params = rest
	}
	if names > 1 || strings.Contains(f.FileName, `\`) {
		f.FileName = ""
	}
	return f.Name != ""
}

// parameter takes the first of some parameters, which are separated by semicolons. A
// backslash within quotes is what parsers differ about: it may be in the name of a file,
// if there is no semicolon where some would go on.
func parameter(s string) (key, value, rest string, ok bool) {
	key, s, ok = strings.Cut(s, "=")
	key = strings.TrimSpace(key)
	if !ok || key == "" || strings.ContainsAny(key, " \t\";") {
		return "", "", "", false
	}
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return key, strings.TrimSpace(value), rest, !strings.Contains(value, `"`)
	}
	i := 1
	for ; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' {
			if !strings.EqualFold(key, "filename") {
				return "", "", "", false
			}
			i++
		}
	}
	if i >= len(s) {
		return "", "", "", false
	}
	if value = s[1:i]; strings.Contains(value, `\`) && strings.Contains(value, ";") {
		return "", "", "", false
	}
	s = strings.TrimSpace(s[i+1:])
	if s != "" && s[0] != ';' {
		return "", "", "", false
	}
	return key, value, strings.TrimPrefix(s, ";"), true
}
