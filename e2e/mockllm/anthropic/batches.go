package anthropic

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// A batch has its results as soon as it is there: each request is told what it has asked.
type batch struct {
	id      string
	results bytes.Buffer
	n       int
}

const batchesPath = "/v1/messages/batches"

func (b *batch) object(x *provider.Exchange) any {
	now := x.Env.Now().UTC().Format("2006-01-02T15:04:05Z")
	counts := ordered.Of("processing", 0, "succeeded", b.n, "errored", 0, "canceled", 0, "expired", 0)
	return ordered.Of("id", b.id, "type", "message_batch", "processing_status", "ended", "request_counts", counts, "ended_at", now, "created_at", now, "expires_at", now,
		"cancel_initiated_at", nil, "archived_at", nil, "results_url", "https://api.anthropic.com"+batchesPath+"/"+b.id+"/results")
}

// batches answers https://platform.claude.com/docs/en/api/messages/batches, and says whether
// the path is one of theirs.
func (a *api) batches(x *provider.Exchange) bool {
	rest, ok := strings.CutPrefix(x.R.URL.Path, batchesPath)
	if !ok {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	id, what, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	b := a.stored[id]
	switch call := x.R.Method + " " + what; {
	case id == "" && x.R.Method == http.MethodPost:
		a.takeBatch(x)
	case id == "" && x.R.Method == http.MethodGet:
		list := []any{}
		for _, b := range a.stored {
			list = append(list, b.object(x))
		}
		x.JSON(ordered.Of("data", list, "has_more", false, "first_id", nil, "last_id", nil))
	case b == nil:
		x.Fail(provider.Failure{Status: http.StatusNotFound, Type: "not_found_error", Message: "Not Found"})
	case call == "GET " || call == "POST cancel":
		x.JSON(b.object(x))
	case call == "GET results":
		x.Bytes("application/x-jsonl", b.results.Bytes())
	case call == "DELETE ":
		delete(a.stored, id)
		x.JSON(ordered.Of("id", id, "type", "message_batch_deleted"))
	default:
		x.Fail(provider.Failure{Status: http.StatusMethodNotAllowed, Type: "invalid_request_error", Message: "Method Not Allowed"})
	}
	return true
}

func (a *api) takeBatch(x *provider.Exchange) {
	one := check.Object(check.Req("custom_id", check.String(1, 64)), check.Req("params", messagesShape()))
	if failure := a.decode(x, check.Object(check.Req("requests", check.List(one, 1, math.MaxInt32)))); failure != nil {
		x.Fail(*failure)
		return
	}
	var body struct {
		Requests []struct {
			CustomID string  `json:"custom_id"`
			Params   request `json:"params"`
		} `json:"requests"`
	}
	if err := provider.Unmarshal(x.Body, &body); err != nil {
		x.Fail(*invalid("The request body is not valid JSON: " + err.Error()))
		return
	}
	b := &batch{id: x.ID("msgbatch_", 24), n: len(body.Requests)}
	for i := range body.Requests {
		r := &body.Requests[i]
		message := messageObject{ID: x.ID("msg_", 24), Type: "message", Role: "assistant", Model: r.Params.Model,
			Content: []any{textOut{Type: "text", Text: r.Params.prompt().User}}, Usage: &usage{}}
		line, err := json.Marshal(ordered.Of("custom_id", r.CustomID, "result", ordered.Of("type", "succeeded", "message", message)))
		if err != nil {
			x.Fail(*invalid(err.Error()))
			return
		}
		b.results.Write(append(line, '\n'))
	}
	if a.stored == nil {
		a.stored = map[string]*batch{}
	}
	a.stored[b.id] = b
	x.JSON(b.object(x))
}
