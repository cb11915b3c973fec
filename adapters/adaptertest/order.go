package adaptertest

import (
	"errors"
	"fmt"

	"github.com/postern-gateway/postern/adapters/chat"
)

// order holds a decoder to the order of events that chat.EventKind lays down.
type order struct {
	begun, over bool
	lanes       map[int]*laneOrder
}

type laneOrder struct {
	next           int
	open, finished bool
	kind           chat.PartKind
}

func (o *order) step(e *chat.Event) error {
	switch {
	case o.over:
		return errors.New("an event follows the last one")
	case e.Kind == chat.Failure:
		o.over = true
		return nil
	case e.Kind == chat.Ping:
		return nil
	case e.Kind == chat.Start:
		if o.begun {
			return errors.New("a stream begins twice")
		}
		o.begun, o.lanes = true, map[int]*laneOrder{}
		return nil
	case !o.begun:
		return errors.New("a stream does not begin with its start")
	case e.Kind == chat.End:
		o.over = true
		return o.end()
	}
	l := o.lanes[e.Choice]
	if l == nil {
		l = &laneOrder{}
		o.lanes[e.Choice] = l
	}
	if err := l.step(e); err != nil {
		return fmt.Errorf("choice %d: %w", e.Choice, err)
	}
	return nil
}

func (o *order) end() error {
	for i, l := range o.lanes {
		if !l.finished {
			return fmt.Errorf("choice %d: the stream ends before its finish", i)
		}
	}
	return nil
}

func (l *laneOrder) step(e *chat.Event) error {
	if l.finished {
		return errors.New("an event follows the finish")
	}
	switch e.Kind {
	case chat.BlockStart:
		if l.open || e.Index != l.next {
			return fmt.Errorf("block %d begins, want block %d after the end of the one before", e.Index, l.next)
		}
		l.open, l.kind = true, e.Block
		l.next++
	case chat.TextDelta, chat.SignatureDelta, chat.CitationDelta, chat.BlockStop:
		if !l.open || e.Index != l.next-1 {
			return fmt.Errorf("an event of block %d, which is not open", e.Index)
		}
		if e.Kind == chat.TextDelta && e.Block != l.kind {
			return fmt.Errorf("text of kind %d in a block of kind %d", e.Block, l.kind)
		}
		l.open = e.Kind != chat.BlockStop
	case chat.FinishEvent:
		if l.open || e.Finish == chat.FinishNone {
			return errors.New("a finish without a reason, or in an open block")
		}
		l.finished = true
	}
	return nil
}
