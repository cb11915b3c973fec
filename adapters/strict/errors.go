package strict

import (
	"errors"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

const (
	mostErrors = 100
	mostQuoted = 24 // bytes of the document that an error repeats
)

// An Error is one thing that is wrong with a document.
type Error struct {
	Path    string // providers[1].retry.attempts; empty for the whole
	Problem string // want 0 to 5, got 9
}

// Error is path and problem.
func (e Error) Error() string {
	if e.Path == "" {
		return e.Problem
	}
	return e.Path + ": " + e.Problem
}

// Errors are all that is wrong with a document, in the order in which it is read.
type Errors struct {
	List []Error
	More int // how many further ones were not kept
}

// Error is one line for each.
func (e *Errors) Error() string {
	var b strings.Builder
	for i, one := range e.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(one.Error())
	}
	if e.More > 0 {
		b.WriteString("\nand " + strconv.Itoa(e.More) + " more")
	}
	return b.String()
}

//go:noinline
func (e *Errors) add(path, problem string) {
	if len(e.List) >= mostErrors {
		e.More++
		return
	}
	e.List = append(e.List, Error{path, problem})
}

// syntax reports a document that is not JSON, or not strictly so.
func (r *run) syntax(err error) {
	var se *rawjson.SyntaxError
	if errors.As(err, &se) {
		r.errs.add(se.Path, se.Problem+" at byte "+strconv.Itoa(se.Offset))
		return
	}
	r.errs.add("", err.Error())
}

// Quote is s in quotes, cut short, for errors.
func Quote(s string) string {
	if len(s) <= mostQuoted {
		return string(rawjson.AppendString(nil, s))
	}
	cut := mostQuoted
	for cut > 0 && s[cut]&0xc0 == 0x80 { // within a character
		cut--
	}
	return string(rawjson.AppendString(nil, s[:cut]+"..."))
}

// oneOf is the names in quotes, and only the first of very many.
func oneOf(names []string) string {
	if len(names) == 1 {
		return Quote(names[0])
	}
	const most = 12
	if len(names) > most {
		return "one of " + list(names[:most]) + " and " + strconv.Itoa(len(names)-most) + " more"
	}
	return "one of " + list(names)
}
