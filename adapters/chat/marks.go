package chat

import "github.com/postern-gateway/postern/adapters/rawjson"

// Marks say where in a request that was written for a provider what is, for who makes
// another of it and need not read it. They are a request's own memory.
type Marks struct {
	Members  []Mark
	Messages []Mark
	Doc      rawjson.Doc // scratch, for what has to be read all the same
}

// A Mark is where a member's value is, or a message.
type Mark struct {
	Name          string // of the member, or the message's role
	Start, End    int
	Content, Rest int // of a message: where its content is, and what follows: if only a brace, End-1
}

// Reset empties the marks and keeps their memory.
func (m *Marks) Reset() {
	clear(m.Members)
	m.Members, m.Messages = m.Members[:0], m.Messages[:0]
	m.Doc.Reset()
}

// Member says that a member's value begins at start, and where the member before ends.
//
//go:noinline
func (m *Marks) Member(name string, end, start int) {
	if n := len(m.Members); n > 0 {
		m.Members[n-1].End = end
	}
	m.Members = append(m.Members, Mark{Name: name, Start: start})
}
