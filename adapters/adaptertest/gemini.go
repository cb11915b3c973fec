package adaptertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A Generated is a GenerateContentResponse of https://ai.google.dev/api/generate-content,
// as a client's SDK has it, or what an event adds to one.
type Generated struct {
	Candidates   []Candidate     `json:"candidates"`
	Usage        *GeneratedUsage `json:"usageMetadata,omitempty"`
	ModelVersion string          `json:"modelVersion"`
	ResponseID   string          `json:"responseId"`
	Error        *struct {
		Code    int               `json:"code"`
		Message string            `json:"message"`
		Status  string            `json:"status"`
		Details []json.RawMessage `json:"details"`
	} `json:"error,omitempty"`
}

// GeneratedUsage are its counts of tokens.
type GeneratedUsage struct {
	Prompt     int64 `json:"promptTokenCount"`
	Candidates int64 `json:"candidatesTokenCount"`
	Total      int64 `json:"totalTokenCount"`
	Thoughts   int64 `json:"thoughtsTokenCount,omitempty"`
	Cached     int64 `json:"cachedContentTokenCount,omitempty"`
}

// A Candidate is one of its answers.
type Candidate struct {
	Content *struct {
		Parts []GeneratedPart `json:"parts,omitempty"`
		Role  string          `json:"role"`
	} `json:"content,omitempty"`
	FinishReason  string          `json:"finishReason,omitempty"`
	FinishMessage string          `json:"finishMessage,omitempty"`
	Index         int             `json:"index"`
	Logprobs      json.RawMessage `json:"logprobsResult,omitempty"`
}

// A GeneratedPart is a text, a thought or a call.
type GeneratedPart struct {
	Text      *string `json:"text,omitempty"`
	Thought   bool    `json:"thought,omitempty"`
	Signature string  `json:"thoughtSignature,omitempty"`
	Call      *struct {
		ID   string          `json:"id"`
		Name string          `json:"name"`
		Args json.RawMessage `json:"args"`
	} `json:"functionCall,omitempty"`
}

// GeminiGenerate is the grammar of a stream of events as with alt=sse.
func GeminiGenerate(stream []byte) (Ending, error) {
	g := &generated{}
	return assemble(cutFrames, stream, g.read)
}

// GeminiArray is the grammar of a stream that is an array, as without it.
func GeminiArray(stream []byte) (Ending, error) {
	list, closed, err := cutArray(stream)
	if err != nil {
		return Cut, err
	}
	g, ending := &generated{}, Cut
	for i, f := range list {
		if ending != Cut {
			return ending, fmt.Errorf("element %d follows the last one: %s", i+1, f.data)
		}
		if ending, err = g.read(f); err != nil {
			return ending, fmt.Errorf("element %d: %w: %s", i+1, err, f.data)
		}
	}
	if closed != (ending != Cut) {
		return ending, errors.New("the array does not end with its last element")
	}
	return ending, nil
}

// generated is what a stream has said so far.
type generated struct {
	model, id string
	begun     bool
	finished  [8]bool
	seen      [8]bool
}

func (g *generated) read(f frame) (Ending, error) {
	var r Generated
	if err := strictly(f.data, &r); err != nil {
		return Cut, err
	}
	if e := r.Error; e != nil {
		return Failed, first(unless(e.Code >= 400 && e.Message != "" && e.Status != "" && r.Candidates == nil, "want an error with code, message and status"))
	}
	if g.begun && (g.model != r.ModelVersion || g.id != r.ResponseID) {
		return Cut, errors.New("another model or id than before")
	}
	g.begun, g.model, g.id = true, r.ModelVersion, r.ResponseID
	if len(r.Candidates) == 0 {
		return Cut, errors.New("want candidates")
	}
	for i := range r.Candidates {
		if err := g.candidate(&r.Candidates[i]); err != nil {
			return Cut, err
		}
	}
	if u := r.Usage; u != nil && u.Total != u.Prompt+u.Candidates+u.Thoughts {
		return Cut, errors.New("the counts do not add up")
	}
	if g.finished == g.seen {
		return Complete, nil
	}
	return Cut, nil
}

// reasons are those that an answer can end for.
var reasons = []string{"STOP", "MAX_TOKENS", "SAFETY", "OTHER", "MALFORMED_FUNCTION_CALL"}

func (g *generated) candidate(c *Candidate) error {
	if c.Index < 0 || c.Index >= len(g.seen) || g.finished[c.Index] {
		return errors.New("a candidate that cannot be, or goes on behind its end")
	}
	g.seen[c.Index] = true
	if c.FinishReason != "" {
		g.finished[c.Index] = true
		if !slices.Contains(reasons, c.FinishReason) {
			return errors.New("unknown finishReason")
		}
	}
	if c.Content == nil {
		return first(unless(c.Logprobs != nil, "want a content"))
	}
	if c.Content.Role != "model" || len(c.Content.Parts) == 0 {
		return errors.New("want a content of the model's with parts")
	}
	for i := range c.Content.Parts {
		p := &c.Content.Parts[i]
		if (p.Text != nil) == (p.Call != nil) || p.Thought && p.Text == nil {
			return errors.New("want a part that is one of a text, a thought and a call")
		}
		if p.Call != nil && (p.Call.ID == "" || p.Call.Name == "" || !isObject(string(p.Call.Args))) {
			return ErrArguments
		}
	}
	return nil
}
