// Package archive writes the records that a proxy's workers share as text, and reads them
// again, so that a restart need not forget them.
//
// The text is lines of JSON: first the format, then a record each, at last how many they
// are. It is read strictly and as a whole before anything of it is stored. A record that is
// there already is replaced; others stay. So reading the same text twice does no harm.
package archive

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/rfc3339"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A Part is one table.
type Part struct {
	Name  string
	Table *state.Table
	// Valid reports whether a value is a record of the table.
	Valid func(t *state.Table, id state.ID, value []byte) bool
}

// A Share is one of several texts that together have all records: which, from 1, of how
// many. Records are shared out by their ids.
type Share struct{ Part, Of int }

// ReadShare reads such as 1/4.
func ReadShare(text string) (Share, bool) {
	part, of, _ := strings.Cut(text, "/")
	var s Share
	var err, err2 error
	s.Part, err = strconv.Atoi(part)
	s.Of, err2 = strconv.Atoi(of)
	return s, err == nil && err2 == nil && 1 <= s.Part && s.Part <= s.Of && s.Of <= MostShares
}

// MostShares is into how many texts the records can be shared out.
const MostShares = 256

// has tells by a byte of the id that does not choose the bucket.
func (s Share) has(id state.ID) bool { return int(id[15])%s.Of == s.Part-1 }

const (
	// MediaType is that of the text.
	MediaType = "application/x-ndjson"

	format  = "postern-state"
	version = 1
	second  = int64(1_000_000_000)
	never   = 1<<63 - 1
)

// ErrTooLong says that a text would have more bytes than are allowed: fewer parts or a
// share are shorter.
var ErrTooLong = errors.New("the records take too many bytes")

// Append writes the records of some parts, of a share of them. names tells by what ids are
// made: who reads the text has to make them by the same.
func Append(dst []byte, space, names string, parts []Part, share Share, now int64, most int) ([]byte, error) {
	begin := len(dst)
	dst = rawjson.Add(dst, `{"format":"`+format+`","version":`)
	dst = rawjson.Add(rawjson.AppendInt(dst, version), `,"space":`)
	dst = rawjson.Add(rawjson.AppendString(dst, space), `,"names":`)
	dst = rawjson.Add(rawjson.AppendString(dst, names), `,"time":"`)
	dst = rawjson.Add(rfc3339.Append(dst, now/second), "\"}\n")
	n := 0
	for _, p := range parts {
		p.Table.Each(now, func(id state.ID, value []byte, expires int64) {
			if !share.has(id) || len(dst)-begin > most {
				return
			}
			n++
			dst = appendRecord(dst, p.Name, id, value, expires)
		})
	}
	if len(dst)-begin > most {
		return dst, ErrTooLong
	}
	return rawjson.Add(rawjson.AppendInt(rawjson.Add(dst, `{"end":`), int64(n)), "}\n"), nil
}

func appendRecord(dst []byte, table string, id state.ID, value []byte, expires int64) []byte {
	dst = rawjson.Add(rawjson.AppendString(rawjson.Add(dst, `{"table":`), table), `,"id":"`)
	dst = base64.StdEncoding.AppendEncode(dst, id[:])
	if expires != never {
		dst = rfc3339.Append(rawjson.Add(dst, `","expires":"`), (expires-1)/second+1)
	}
	dst = base64.StdEncoding.AppendEncode(rawjson.Add(dst, `","value":"`), value)
	return rawjson.Add(dst, "\"}\n")
}

// Result is what became of a text's records.
type Result struct {
	Records int // 0 if the text is wrong
	Stored  int
	Over    int // that are over by now
}

// Restore stores the records of a text. An error names the line; if it is of the text, which
// is always the case unless the host refuses a record, nothing was stored.
func Restore(text []byte, names string, parts []Part, now int64) (Result, error) {
	var r Result
	count, rest, err := check(text, names, parts)
	r.Records = count
	for n := range count {
		var x record
		_, rest, _ = x.next(rest, parts) // which has been checked
		if x.expires <= now {
			r.Over++
			continue
		}
		if err := x.part.Table.Update(x.id, now, func([]byte) ([]byte, int64) { return x.value, x.expires }); err != nil {
			return r, at(n+2, err)
		}
		r.Stored++
	}
	return r, err
}

// check reads all of a text. It has so many records, in the lines of body.
func check(text []byte, names string, parts []Part) (count int, body []byte, err error) {
	head, body, _ := bytes.Cut(text, newline)
	if err := strict.Decode(head, func(o *strict.Object) {
		o.Enum("format", "", "", format)
		o.Int("version", "", version, version, version)
		o.Str("space", "", "")
		o.Str("time", "", "")
		o.Require("format", "version", "names")
		if got := o.Str("names", "", ""); got != "" && got != names {
			o.Fail("names", "this is of a gateway whose admin endpoint has other keys; records cannot be found again")
		}
	}); err != nil {
		return 0, nil, at(1, err)
	}
	rest := body
	for n := 0; ; n++ {
		var x record
		last := false
		if last, rest, err = x.next(rest, parts); err == nil && last && (x.end != n || len(rest) > 0) {
			err = errors.New("want the number of records, " + strconv.Itoa(n) + ", and nothing behind it")
		}
		if err != nil {
			return 0, nil, at(n+2, err)
		}
		if last {
			return n, body, nil
		}
	}
}

var newline = []byte("\n")

func at(line int, err error) error {
	return errors.New("line " + strconv.Itoa(line) + ": " + err.Error())
}

// A record is one line but the first.
type record struct {
	part    *Part
	id      state.ID
	expires int64
	value   []byte
	end     int // of the last line: how many there are
}

// next reads a line. last is that there are no more.
func (x *record) next(text []byte, parts []Part) (last bool, rest []byte, err error) {
	line, rest, _ := bytes.Cut(text, newline)
	err = strict.Decode(line, func(o *strict.Object) {
		if last = o.Has("end"); last {
			x.end = o.Int("end", "", 0, 0, strict.NoMax)
		} else {
			x.read(o, parts)
		}
	})
	return last, rest, err
}

func (x *record) read(o *strict.Object, parts []Part) {
	o.Require("table", "id", "value")
	var names []string
	for i := range parts {
		names = append(names, parts[i].Name)
	}
	name := o.Enum("table", "", "", names...)
	id, err := decode(o.Str("id", "", ""))
	if err != nil || len(id) != len(x.id) {
		o.Fail("id", "want 16 bytes in base64")
		return
	}
	x.id = state.ID(id)
	x.expires = never
	if time := o.Str("expires", "", ""); time != "" {
		seconds, ok := rfc3339.Parse([]byte(time))
		if !ok || seconds <= 0 || seconds > never/second {
			o.Fail("expires", "want a time such as 2026-11-26T22:13:20Z")
		}
		x.expires = seconds * second
	}
	x.value, err = decode(o.Str("value", "", ""))
	for i := range parts {
		if p := &parts[i]; p.Name == name {
			if x.part = p; err != nil || !p.Valid(p.Table, x.id, x.value) {
				o.Fail("value", "this is no record of the table "+name)
			}
		}
	}
}

func decode(text string) ([]byte, error) { return base64.StdEncoding.Strict().DecodeString(text) }
