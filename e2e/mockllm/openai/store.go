package openai

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// An upload is a file that is kept.
type upload struct {
	id, name, purpose string
	data              []byte
}

func (f *upload) object(now int64) any {
	return ordered.Of("id", f.id, "object", "file", "bytes", len(f.data), "created_at", now, "filename", f.name, "purpose", f.purpose, "status", "processed")
}

// store answers https://platform.openai.com/docs/api-reference/files and .../batch, and
// says whether the path is one of theirs.
func (a *api) store(x *provider.Exchange) bool {
	parts := strings.Split(strings.TrimPrefix(x.R.URL.Path, "/v1/"), "/")
	if len(parts) > 3 || parts[0] != "files" && parts[0] != "batches" {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	call := x.R.Method + " " + strings.Join(append([]string{parts[0]}, placeholders(parts[1:])...), "/")
	id := ""
	if len(parts) > 1 {
		id = parts[1]
	}
	switch call {
	case "POST files":
		a.take(x)
	case "GET files":
		list := []any{}
		for i := range a.files {
			list = append(list, a.files[i].object(x.Env.Now().Unix()))
		}
		x.JSON(ordered.Of("object", "list", "data", list, "has_more", false))
	case "GET files/ID", "GET files/ID/content", "DELETE files/ID":
		a.kept(x, id, call)
	case "POST batches":
		a.batch(x)
	case "GET batches/ID", "POST batches/ID/cancel":
		status := "in_progress"
		if x.R.Method == http.MethodPost {
			status = "cancelling"
		}
		x.JSON(ordered.Of("id", id, "object", "batch", "endpoint", "/v1/chat/completions", "input_file_id", "file-1", "completion_window", "24h", "status", status, "created_at", x.Env.Now().Unix()))
	default:
		x.Fail(provider.Failure{Status: http.StatusMethodNotAllowed, Type: invalidRequest, Code: "method_not_supported", Message: "Not allowed to " + x.R.Method + " on " + x.R.URL.Path + "."})
	}
	return true
}

func placeholders(parts []string) []string {
	if len(parts) > 0 {
		return append([]string{"ID"}, parts[1:]...)
	}
	return nil
}

func (a *api) take(x *provider.Exchange) {
	f, failure := a.readForm(x, "purpose", "file")
	if failure == nil && (f.files["file"] == nil || f.values["purpose"] == "") {
		failure = bad("missing_required_parameter", "file", "Missing required parameter: 'file'.")
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	one := upload{x.ID("file-", 24), "upload", f.values["purpose"], f.files["file"]}
	a.files = append(a.files, one)
	x.JSON(one.object(x.Env.Now().Unix()))
}

func (a *api) kept(x *provider.Exchange, id, call string) {
	for i := range a.files {
		if a.files[i].id != id {
			continue
		}
		switch {
		case strings.HasSuffix(call, "content"):
			x.Bytes("application/octet-stream", a.files[i].data)
		case strings.HasPrefix(call, "DELETE"):
			a.files = append(a.files[:i], a.files[i+1:]...)
			x.JSON(ordered.Of("id", id, "object", "file", "deleted", true))
		default:
			x.JSON(a.files[i].object(x.Env.Now().Unix()))
		}
		return
	}
	x.Fail(provider.Failure{Status: http.StatusNotFound, Type: invalidRequest, Param: "id", Message: "No such File object: " + id})
}

func (a *api) batch(x *provider.Exchange) {
	var body map[string]any
	if json.Unmarshal(x.Body, &body) != nil {
		x.Fail(*bad("", "", "We could not parse the JSON body of your request."))
		return
	}
	shape := check.Object(check.Req("input_file_id", check.Text()), check.Req("endpoint", check.Text()), check.Req("completion_window", check.Enum("24h")),
		check.Opt("metadata", check.Any()), check.Opt("output_expires_after", check.Any()))
	if p := shape(nil, body); p != nil {
		x.Fail(*reword(p))
		return
	}
	x.JSON(ordered.Of("id", x.ID("batch_", 24), "object", "batch", "endpoint", body["endpoint"], "input_file_id", body["input_file_id"], "completion_window", "24h", "status", "validating", "created_at", x.Env.Now().Unix()))
}
