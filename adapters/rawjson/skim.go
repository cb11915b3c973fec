package rawjson

import "strings"

// A Skimmer picks named members out of one JSON object while its bytes pass by, in
// pieces of any size. It keeps nothing of the document but those members, so its
// memory does not depend on the document's length or depth. It is meant for answers
// that are passed on unread: it does not check the document, and of bytes that are
// not JSON it finds nothing or something meaningless, which is then the caller's to
// parse and refuse.
//
// Where an object names a member twice, the first counts.
type Skimmer struct {
	max    int
	steps  []step
	fields []field
	name   int // the longest key to compare, as it may be spelled

	state  state
	at     int32 // the step of the innermost object that is read rather than skipped
	into   int32 // the step of the member whose value comes next, or -1
	taking int32 // the field that the value under way belongs to, or -1
	left   int32 // fields whose value has not begun
	depth  int   // brackets open in a value that is skipped or taken
	quoted bool  // within a string of such a value
	slash  bool  // behind a backslash in a string
	slant  bool  // the string has a backslash
	key    []byte
}

// A step is one key of a path, below its parent. Step 0 is the document's object.
type step struct {
	name   string
	parent int32
	field  int32 // that ends here, or -1
}

type field struct {
	raw  []byte
	seen bool // its value has begun
	done bool
}

type state uint8

const (
	atStart  state = iota // before the document's first byte
	atMember              // in an object, before a key or the end
	inKey                 // behind a key's quote
	atValue               // behind a key
	inString              // in a value that is a string
	inNested              // in a value that is an array or object
	inPlain               // in a number or literal
	atTheEnd              // all is found, or nothing more can be
)

// NewSkimmer makes a Skimmer for the members at some paths, each of at most most
// bytes: "usage", "message.usage". A dot goes into an object; arrays are not
// entered. Of two paths of which one leads through the other only the shorter is found.
func NewSkimmer(most int, paths ...string) *Skimmer {
	s := &Skimmer{max: most, steps: []step{{field: -1}}, fields: make([]field, len(paths))}
	for i, path := range paths {
		at := int32(0)
		for name := range strings.SplitSeq(path, ".") {
			next := s.child(at, name)
			if next < 0 {
				next = int32(len(s.steps))
				s.steps = append(s.steps, step{name, at, -1})
			}
			at = next
			s.name = max(s.name, 6*len(name)) // each byte may be spelled \u0061
		}
		s.steps[at].field = int32(i)
	}
	s.Reset()
	return s
}

func (s *Skimmer) child(at int32, name string) int32 {
	for i := 1; i < len(s.steps); i++ {
		if s.steps[i].parent == at && s.steps[i].name == name {
			return int32(i)
		}
	}
	return -1
}

// Reset makes the Skimmer ready for another document and keeps its memory.
//
//go:noinline
func (s *Skimmer) Reset() {
	for i := range s.fields {
		f := &s.fields[i]
		f.raw, f.seen, f.done = f.raw[:0], false, false
	}
	s.state, s.at, s.into, s.taking, s.left = atStart, 0, -1, -1, int32(len(s.fields))
	s.depth, s.quoted, s.slash = 0, false, false
	s.key = s.key[:0]
}

// Field is the value of path number i as it is spelled, nil while it is not complete
// and if it is absent or too long. It is void after Reset.
//
//go:noinline
func (s *Skimmer) Field(i int) []byte {
	if !s.fields[i].done {
		return nil
	}
	return s.fields[i].raw
}

// Done reports that no further byte can change a field: all are found, or the
// document has ended, or it is not an object.
func (s *Skimmer) Done() bool { return s.state == atTheEnd }

// Feed takes the next bytes.
func (s *Skimmer) Feed(p []byte) {
	from := 0 // where in p the value that is taken begins
	for i := 0; i < len(p); {
		switch s.state {
		case atTheEnd:
			return
		case inString:
			var ended bool
			if i, ended = s.skipString(p, i); ended {
				s.endValue(p[from:i])
			}
		case inNested:
			if i = s.skipNested(p, i); s.depth == 0 {
				s.endValue(p[from:i])
			}
		case inPlain:
			if i = plainEnd(p, i); i < len(p) {
				s.endValue(p[from:i])
			}
		case inKey:
			i = s.readKey(p, i)
		case atValue:
			if c := p[i]; c > ' ' && c != ':' {
				from = i
				s.beginValue(c)
			}
			i++
		default:
			if s.state == atMember {
				i = s.pass(p, i)
			}
			if i < len(p) && s.state <= atMember {
				s.structure(p[i])
				i++
			}
		}
	}
	if s.taking >= 0 {
		s.take(p[from:])
	}
}

// structure takes one byte outside of keys and values.
func (s *Skimmer) structure(c byte) {
	switch {
	case c <= ' ':
	case s.state == atStart:
		s.state = atMember
		if c != '{' {
			s.state = atTheEnd
		}
	case c == '"':
		s.state = inKey
		s.key, s.slant = s.key[:0], false
	case c == '}':
		if s.at == 0 {
			s.state = atTheEnd
		}
		s.at = s.steps[s.at].parent
	case c != ',':
		s.state = atTheEnd
	}
}

// readKey reads a key from i on. Only one that the network cuts is copied.
func (s *Skimmer) readKey(p []byte, i int) int {
	j, ended := s.skipString(p, i)
	part := p[i:j]
	if ended && len(s.key) == 0 {
		s.into = s.match(part[:len(part)-1])
	} else {
		if room := s.name + 2 - len(s.key); len(part) > room {
			part = part[:max(room, 0)] // too long to be one that is sought
		}
		s.key = append(s.key, part...)
		if ended {
			s.into = s.match(s.key[:len(s.key)-1])
		}
	}
	if ended {
		s.state = atValue
	}
	return j
}

// match is the step that a key leads to, or -1.
func (s *Skimmer) match(key []byte) int32 {
	if s.slant {
		key = appendUnescaped(nil, key)
	}
	return s.step(key)
}

// step is the step below the present one with this name, or -1.
func (s *Skimmer) step(key []byte) int32 {
	for i := 1; i < len(s.steps); i++ {
		if t := &s.steps[i]; len(key) == len(t.name) && t.parent == s.at && string(key) == t.name {
			return int32(i)
		}
	}
	return -1
}

// beginValue takes the first byte of a member's value.
func (s *Skimmer) beginValue(c byte) {
	if s.into >= 0 {
		t := s.steps[s.into]
		switch {
		case t.field >= 0:
			if f := &s.fields[t.field]; !f.seen {
				f.seen = true
				s.taking = t.field
				s.left--
			}
		case c == '{':
			s.at, s.state = s.into, atMember
			return
		}
	}
	switch c {
	case '"':
		s.state = inString
	case '{', '[':
		s.state, s.depth = inNested, 1
	default:
		s.state = inPlain
	}
}

// endValue takes the last bytes of a member's value.
func (s *Skimmer) endValue(p []byte) {
	if s.taking >= 0 {
		f := &s.fields[s.taking]
		s.take(p)
		f.done = s.taking >= 0
		s.taking = -1
	}
	s.state = atMember
	if s.left == 0 {
		s.state = atTheEnd
	}
}

// take keeps bytes of the value under way, or gives it up when it is too long.
func (s *Skimmer) take(p []byte) {
	f := &s.fields[s.taking]
	if len(f.raw)+len(p) > s.max {
		f.raw = f.raw[:0]
		s.taking = -1
		return
	}
	f.raw = append(f.raw, p...)
}
