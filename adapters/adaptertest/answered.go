package adaptertest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// Answered reads an answer of a provider's, whole or as a stream: what it says, as it
// goes back in the next turn, and why it ended. An answer that cannot be read is fatal.
func Answered(t testing.TB, p adapters.Translator, body []byte, stream bool) ([]chat.Part, chat.Finish) {
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
		return out.Choices[0].Parts, out.Choices[0].Finish
	}
	var frames adapters.Frames = &sse.Decoder{}
	if f, ok := p.(adapters.Framer); ok {
		frames = f.NewFrames()
	}
	var parts []chat.Part
	finish := chat.FinishNone
	emit := func(e *chat.Event) {
		switch e.Kind {
		case chat.BlockStart:
			parts = append(parts, chat.Part{Kind: e.Block, ID: slices.Clone(e.ID), Name: slices.Clone(e.Name), Text: slices.Clone(e.Text)})
		case chat.TextDelta:
			if last := &parts[len(parts)-1]; e.Block == chat.ToolCallPart {
				last.Arguments = append(last.Arguments, e.Text...)
			} else {
				last.Text = append(last.Text, e.Text...)
			}
		case chat.FinishEvent:
			finish = e.Finish
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
	return parts, finish
}
