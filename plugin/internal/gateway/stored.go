package gateway

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/multipart"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/guard"
)

// What is uploaded to be asked later has many requests in one body: a line of a file each
// (https://platform.openai.com/docs/guides/batch, and the same for fine-tuning), or members
// of an array (https://platform.claude.com/docs/en/api/messages/batches). Guards read each as
// a request of its own. What it asks is answered in another stream, where nobody knows any
// more what placeholders stand for.

// readsStored reports whether guards read what the request uploads. A shadow has nobody wait
// for what may be too large to be held.
func (s *Stream) readsStored() bool {
	g, b := &s.w.plan.Stored[guard.Request], &s.w.plan.Bounds
	return s.stored() && s.endpoint.Method == "POST" && s.endpoint.Rest == "" && g.Reads &&
		(g.Enforces || s.in.length > 0 && s.in.length <= b.Request)
}

// unread is what becomes of what no guard can read; nil: it may pass. path is where it is.
//
//go:noinline
func (s *Stream) unread(d guard.Direction, path string) *chat.Error {
	if !s.w.plan.Stored[d].Refuses {
		return nil
	}
	return at(path, notRead())
}

// at tells an error the place that it is about; nil is none.
//
//go:noinline
func at(path string, e *chat.Error) *chat.Error {
	if e != nil && path != "" {
		e.Param, e.Message = path, path+": "+e.Message
	}
	return e
}

// storedBody has the guards read what is uploaded, and sends it on.
func (s *Stream) storedBody(body []byte) *Step {
	s.guarding.stored = true
	r := reader{s: s, direction: guard.Request, stored: true}
	var e *chat.Error
	switch {
	case s.endpoint.Op == adapters.Batches:
		e = r.batch(body)
	case s.in.boundary != "":
		e = r.upload(body)
	default:
		e = s.unread(guard.Request, "")
	}
	if !s.w.plan.Stored[guard.Request].Enforces {
		e = nil
	}
	path := ""
	if e == nil {
		path, e = s.byPath()
	}
	if e != nil {
		return s.reject(e)
	}
	step := s.next()
	if step.Replace = s.in.encoding == "gzip" || len(r.edits) > 0; step.Replace {
		step.Body = rawjson.Apply(step.Body, body, r.edits)
		body = step.Body
	}
	return s.send(step, path, body)
}

// one has the guards read a value as a request of its own, or as an answer to one.
//
//go:noinline
func (r *reader) one(v rawjson.Value, role guard.Role) *chat.Error {
	for _, g := range r.s.guards() {
		g.Next()
	}
	r.value(v, guard.Part{Role: role}, where{})
	return r.s.guarding.failed
}

// batch reads a list of requests, or what a batch is told beside its file.
func (r *reader) batch(body []byte) *chat.Error {
	root, e := r.s.w.parse(body)
	for it := root.Members(); e == nil && it.Next(); {
		switch key := it.Key.Str(); {
		case key == "requests":
			n := 0
			for item := it.Value.Items(); e == nil && item.Next(); n++ {
				if e = r.one(item.Value, guard.User); e != nil {
					e = at("requests["+itoa(n)+"]", e)
				}
			}
		case key == "input_blob" || key == "output_folder": // elsewhere: in Azure's own storage
			e = r.s.unread(guard.Request, key)
		case !isName(key):
			r.member(key, root, it.Value, guard.Part{})
			e = at(key, r.s.guarding.failed)
		}
	}
	return e
}

// upload reads the fields and files of a form.
func (r *reader) upload(body []byte) *chat.Error {
	start, end, err := multipart.Find(body, r.s.in.boundary, "purpose")
	if err != nil {
		return invalid("invalid_form", "", err.Error())
	}
	purpose := ""
	if start >= 0 {
		purpose = string(body[start:end])
	}
	n := 0
	var e *chat.Error
	count := func(multipart.Field) { n-- }
	multipart.Each(body, r.s.in.boundary, func(f multipart.Field) {
		if n++; e == nil && f.Start < f.End {
			e = r.field(body, &f, purpose)
		}
	})
	if e == nil && len(r.edits) > 0 { // what they put in may be a boundary, with what stands beside it
		if multipart.Each(rawjson.Apply(nil, body, r.edits), r.s.in.boundary, count) != nil || n != 0 {
			return invalid("invalid_form", "", multipart.ErrForm.Error())
		}
	}
	return e
}

// field reads one part of a form.
func (r *reader) field(body []byte, f *multipart.Field, purpose string) *chat.Error {
	part := guard.Part{Path: f.Name}
	if f.File || f.Name == "file" {
		text := hasText(f)
		p := body[f.Start:f.End]
		if hasLines(f, purpose) || text && beginsObject(p) {
			return r.lines(body[:f.End], f.Start)
		}
		if !text || !isText(p) {
			return r.s.unread(guard.Request, f.Name)
		}
		part.Kind = guard.Document
	} else if isName(f.Name) {
		return nil
	}
	r.plain(body, f.Start, f.End, part)
	return at(f.Name, r.s.guarding.failed)
}

// plain has the guards read a text in a body that is no JSON.
//
//go:noinline
func (r *reader) plain(body []byte, start, end int, part guard.Part) {
	r.s.openText(&r.pipe, r.direction, part)
	out := r.pipe.feed(body[start:end], true)
	if r.pipe.edited {
		r.edits = append(r.edits, rawjson.Edit{Start: start, End: end, With: bytes.Clone(out)})
	}
}

// lines reads a file that has a request in each line, and begins somewhere in a body and
// ends with it.
func (r *reader) lines(body []byte, from int) *chat.Error {
	for n := 1; from < len(body); n++ {
		line := body[from:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		if len(bytes.Trim(line, blanks)) > 0 {
			before := len(r.edits)
			request, e := r.s.w.parse(line)
			if e == nil {
				e = r.one(request, guard.User)
			}
			if e != nil {
				return at("line "+itoa(n), e)
			}
			for i := before; i < len(r.edits); i++ { // they are of the line
				r.edits[i].Start += from
				r.edits[i].End += from
			}
		}
		from += len(line)
	}
	return nil
}

// hasLines reports whether a file has a request in each line: because it is for something
// where it has to, or by its name.
func hasLines(f *multipart.Field, purpose string) bool {
	switch purpose[:min(4, len(purpose))] { // services spell them in several ways
	case "batc", "fine", "eval":
		return true
	}
	return ending(f.FileName, ".jsonl")
}

// hasText reports whether everybody takes a file for a plain text.
func hasText(f *multipart.Field) bool {
	own := strings.TrimSpace(f.Type)
	for _, kind := range [...]string{"", "text/plain", "text/markdown", "text/csv", "application/octet-stream", "text/plain; charset=utf-8"} {
		if strings.EqualFold(own, kind) {
			return ending(f.FileName, ".txt") || ending(f.FileName, ".md") || ending(f.FileName, ".csv")
		}
	}
	return false
}

// ending reports whether a file's name ends so, in either case.
func ending(name, end string) bool {
	n := len(name) - len(end)
	return n >= 0 && strings.EqualFold(name[n:], end)
}

// isText reports whether bytes are a text at all.
//
//go:noinline
func isText(p []byte) bool { return utf8.Valid(p) && bytes.IndexByte(p, 0) < 0 }

// beginsObject reports whether the first thing in a text is an object.
func beginsObject(text []byte) bool {
	text = bytes.TrimLeft(text, blanks+"\ufeff")
	return len(text) > 0 && text[0] == '{'
}

const blanks = " \t\r\n"
