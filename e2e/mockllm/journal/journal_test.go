package journal

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestOldestEntriesGiveWay(t *testing.T) {
	t.Parallel()
	j := New(2, 10)
	for range 5 {
		j.Add(Entry{}, nil)
	}
	got := j.Entries()
	if len(got) != 2 || got[0].Seq != 4 || got[1].Seq != 5 {
		t.Errorf("got %+v, want entries 4 and 5", got)
	}
	if since := j.Since(4); len(since) != 1 || since[0].Seq != 5 {
		t.Errorf("since 4: got %+v, want entry 5", since)
	}
}

func TestLargeBodyIsCutButMeasured(t *testing.T) {
	t.Parallel()
	j := New(1, 4)
	j.Add(Entry{}, []byte("abcdefgh"))
	e, _ := j.Last()
	if e.Body != "abcd" || e.BodySize != 8 || !strings.HasPrefix(e.BodySHA256, "9c56cc51") {
		t.Errorf("got body %q of %d bytes, digest %s", e.Body, e.BodySize, e.BodySHA256)
	}
}

func TestCopiesStayApart(t *testing.T) {
	t.Parallel()
	j := New(1, 4)
	seq := j.Add(Entry{Violations: []Violation{{Rule: LeakedKey}}}, nil)
	before, _ := j.Last()
	j.Update(seq, func(e *Entry) { e.Violations[0].Rule = "changed"; e.Status = 200 })
	if before.Violations[0].Rule != LeakedKey || before.Status != 0 {
		t.Errorf("a copy changed with the journal: %+v", before)
	}
	if after, _ := j.Last(); after.Status != 200 {
		t.Errorf("got status %d, want 200", after.Status)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	j := New(10, 4)
	found := make(chan Entry)
	go func() {
		e, err := j.Wait(t.Context(), func(e Entry) bool { return e.Ended == Done })
		if err != nil {
			t.Error(err)
		}
		found <- e
	}()
	j.Add(Entry{}, nil)
	seq := j.Add(Entry{}, nil)
	j.Update(seq, func(e *Entry) { e.Ended = Done })
	if e := <-found; e.Seq != seq {
		t.Errorf("got entry %d, want %d", e.Seq, seq)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Wait(ctx, func(Entry) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	j := New(10, 4)
	j.Add(Entry{Violations: []Violation{{Rule: LeakedKey}}}, nil)
	j.AddHandshake(Handshake{SNI: "x"})
	j.Reset()
	if len(j.Entries()) != 0 || len(j.Violations()) != 0 || len(j.Handshakes()) != 0 {
		t.Error("something is left after Reset")
	}
	if seq := j.Add(Entry{}, nil); seq != 2 {
		t.Errorf("number after Reset: got %d, want 2", seq)
	}
}
