//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/postern-gateway/postern/e2e/bench/mock"
)

// An outcome is what a client understands of an answer.
type outcome struct {
	text          string
	input, output int
	events        int
	ended         bool // the dialect's own last event was there
}

func (o outcome) String() string {
	s := fmt.Sprintf("text %d, usage %d/%d", len(o.text), o.input, o.output)
	if o.events > 0 {
		s += fmt.Sprintf(", %d events", o.events)
	}
	if !o.ended {
		s += ", NO END"
	}
	return s
}

// check sends one request of the workload through the gateway, and says what is
// wrong with the answer. Every gateway has to deliver the text; Postern has to
// deliver and to count the usage as well.
func (r *rig) check(e *envoy, w workload) (outcome, error) {
	before, err := r.mock.set(w.settings())
	if err != nil {
		return outcome{}, err
	}
	counted, err := e.counted("postern.tokens", "type=output")
	if err != nil {
		return outcome{}, err
	}
	if w.given {
		return r.checkGiven(e, w)
	}
	o, err := ask(e.listeners[w.listener()], w)
	if err != nil {
		return o, err
	}
	after, err := r.mock.set(nil)
	if err != nil {
		return o, err
	}
	seen := after.OpenAI - before.OpenAI
	if w.upstream == anthropic {
		seen = after.Anthropic - before.Anthropic
	}
	want := mock.Text(answerBytes)
	if w.stream {
		want = strings.Repeat(mock.Text(eventBytes), streamEvents)
	}
	switch {
	case seen != 1:
		return o, fmt.Errorf("the upstream saw %d %s requests, want 1", seen, w.upstream)
	case o.text != want:
		return o, fmt.Errorf("got %v, want text of %d", o, len(want))
	case e.gateway.name != postern:
		return o, nil
	case !o.ended || o.input != mock.PromptTokens || o.output != mock.CompletionTokens:
		return o, fmt.Errorf("got %v, want usage %d/%d and an end", o, mock.PromptTokens, mock.CompletionTokens)
	}
	return o, e.awaitCounted(counted + mock.CompletionTokens)
}

// checkGiven asks twice: what is there for the second time nobody may be asked for.
func (r *rig) checkGiven(e *envoy, w workload) (outcome, error) {
	if o, err := ask(e.listeners[w.listener()], w); err != nil {
		return o, err
	}
	before, err := r.mock.set(nil)
	if err != nil {
		return outcome{}, err
	}
	o, err := ask(e.listeners[w.listener()], w)
	if err != nil {
		return o, err
	}
	after, err := r.mock.set(nil)
	if err == nil && after != before {
		err = fmt.Errorf("the upstream was asked")
	}
	if err == nil && o.text != mock.Text(givenBytes) {
		err = fmt.Errorf("got %v, want text of %d", o, givenBytes)
	}
	return o, err
}

// awaitCounted waits until the metric of output tokens is at want: it moves when the
// proxy is done with the request, shortly after the client is.
func (e *envoy) awaitCounted(want int64) error {
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got, err := e.counted("postern.tokens", "type=output")
		if err != nil || got == want {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("the metric of output tokens is at %d, want %d", got, want)
		}
	}
}

// ask sends the workload's request as a client would and reads the answer.
func ask(addr string, w workload) (outcome, error) {
	raw := w.request(w.body())
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return outcome{}, err
	}
	req.URL.Scheme, req.URL.Host, req.RequestURI = "http", addr, ""
	resp, err := httpClient().Do(req)
	if err != nil {
		return outcome{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return outcome{}, fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return outcome{}, fmt.Errorf("status %d: %.160s", resp.StatusCode, body)
	}
	if w.stream {
		return readStream(w.client, body)
	}
	return readAnswer(w.client, body)
}

type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Input      int `json:"input_tokens"`
	Output     int `json:"output_tokens"`
}

func (o *outcome) count(u usage) {
	o.input = max(o.input, u.Prompt, u.Input)
	o.output = max(o.output, u.Completion, u.Output)
}

func readAnswer(w wire, body []byte) (outcome, error) {
	var doc struct {
		Choices []struct{ Message struct{ Content string } }
		Content []struct{ Text string }
		Usage   usage
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return outcome{}, fmt.Errorf("answer: %w", err)
	}
	o := outcome{ended: true}
	o.count(doc.Usage)
	switch {
	case w == openAI && len(doc.Choices) == 1:
		o.text = doc.Choices[0].Message.Content
	case w == anthropic && len(doc.Content) == 1:
		o.text = doc.Content[0].Text
	default:
		return o, errors.New("answer without content")
	}
	return o, nil
}

// event has what the events of both dialects carry.
type event struct {
	Type    string
	Choices []struct{ Delta struct{ Content string } }
	Delta   struct{ Text string }
	Message struct{ Usage usage }
	Usage   usage
}

func readStream(w wire, body []byte) (outcome, error) {
	var o outcome
	for line := range strings.Lines(string(body)) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:")
		if !ok {
			continue
		}
		o.events++
		if data = strings.TrimSpace(data); data == "[DONE]" {
			o.ended = w == openAI
			continue
		}
		var e event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return o, fmt.Errorf("event %d: %w", o.events, err)
		}
		o.count(e.Usage)
		o.count(e.Message.Usage)
		o.text += e.Delta.Text
		for _, c := range e.Choices {
			o.text += c.Delta.Content
		}
		if w == anthropic {
			o.ended = e.Type == "message_stop"
		}
	}
	return o, nil
}
