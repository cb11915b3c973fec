package adaptertest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/streams"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// An Outcome is what an answer says, as it goes back in the next turn, and how it ended.
type Outcome struct {
	Parts   []chat.Part
	Finish  chat.Finish
	Usage   chat.Usage
	Counted bool
}

// Answered reads an answer of a provider's, whole or as a stream. One that cannot be read
// is fatal.
func Answered(t testing.TB, p adapters.Translator, body []byte, stream bool) (a Outcome) {
	t.Helper()
	if !stream {
		var doc rawjson.Doc
		var out chat.Response
		if err := doc.Parse(bytes.Clone(body)); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if err := p.ReadResponse(doc.Root(), &out); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return Outcome{out.Choices[0].Parts, out.Choices[0].Finish, out.Usage, out.Counted}
	}
	var frames adapters.Frames = &sse.Decoder{}
	if f, ok := p.(adapters.Framer); ok {
		frames = f.NewFrames()
	}
	emit := func(e *chat.Event) {
		if a.Counted = a.Counted || e.Counted; e.Counted {
			streams.Count(&a.Usage, &e.Usage)
		}
		switch e.Kind {
		case chat.BlockStart:
			a.Parts = append(a.Parts, chat.Part{Kind: e.Block, ID: slices.Clone(e.ID), Name: slices.Clone(e.Name), Text: slices.Clone(e.Text)})
		case chat.TextDelta:
			if last := &a.Parts[len(a.Parts)-1]; e.Block == chat.ToolCallPart {
				last.Arguments = append(last.Arguments, e.Text...)
			} else {
				last.Text = append(last.Text, e.Text...)
			}
		case chat.FinishEvent:
			a.Finish = e.Finish
		case chat.Failure:
			t.Fatalf("%s: %s", e.Err.Message, body)
		}
	}
	d := p.NewDecoder()
	d.Reset()
	for rest := body; ; {
		ev, n, ok, err := frames.Next(rest)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if rest = rest[n:]; !ev.Message {
			continue
		}
		if err := d.Event(ev.Type, ev.Data, emit); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
	}
	if err := d.Close(emit); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return a
}
