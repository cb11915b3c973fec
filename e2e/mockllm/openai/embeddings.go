package openai

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/vector"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Bounds of the API reference.
const (
	maxInputs      = 2048
	maxInputTokens = 8192
)

func embeddingShape() check.Shape {
	input := check.ByType(
		check.Choice{Type: check.TString, Shape: check.String(1, math.MaxInt)},
		check.Choice{Type: check.TArray, Shape: check.List(check.ByType(
			check.Choice{Type: check.TString, Shape: check.String(1, math.MaxInt)},
			check.Choice{Type: check.TInteger, Shape: check.Int(0, math.MaxInt32)},
			check.Choice{Type: check.TArray, Shape: check.List(check.Int(0, math.MaxInt32), 1, maxInputTokens)}), 1, maxInputs)})
	return check.Object(
		check.Req("model", check.Text()), check.Req("input", input),
		check.Opt("dimensions", check.Int(1, math.MaxInt32)),
		check.Opt("encoding_format", check.Enum("float", "base64")),
		check.Opt("user", check.Text()))
}

type embeddingRequest struct {
	Model      string          `json:"model"`
	Input      json.RawMessage `json:"input"`
	Dimensions int             `json:"dimensions"`
	Encoding   string          `json:"encoding_format"`
}

type embeddingReply struct {
	Object string      `json:"object"`
	Data   []embedding `json:"data"`
	Model  string      `json:"model"`
	Usage  struct {
		PromptTokens int `json:"prompt_tokens"`
		TotalTokens  int `json:"total_tokens"`
	} `json:"usage"`
}

type embedding struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding any    `json:"embedding"` // numbers, or base64 of little-endian 32-bit floats
}

// inputs returns the texts and their tokens. Token lists are embedded as their JSON.
func (r *embeddingRequest) inputs() (texts []string, counts []int) {
	var one string
	if json.Unmarshal(r.Input, &one) == nil {
		return []string{one}, []int{tokens.Count(one)}
	}
	var ids []int
	if json.Unmarshal(r.Input, &ids) == nil {
		return []string{string(r.Input)}, []int{len(ids)}
	}
	var parts []json.RawMessage
	_ = json.Unmarshal(r.Input, &parts) // its shape was checked
	for _, p := range parts {
		if json.Unmarshal(p, &one) == nil {
			texts, counts = append(texts, one), append(counts, tokens.Count(one))
			continue
		}
		_ = json.Unmarshal(p, &ids)
		texts, counts = append(texts, string(p)), append(counts, len(ids))
	}
	return texts, counts
}

func (a *api) embeddings(x *provider.Exchange, body map[string]any) {
	if p := embeddingShape()(nil, body); p != nil {
		x.Fail(*rewordTop(p))
		return
	}
	var r embeddingRequest
	if err := json.Unmarshal(x.Body, &r); err != nil {
		x.Fail(*bad("", "", "We could not parse the JSON body of your request. "+err.Error()))
		return
	}
	f, failure := a.model(r.Model, opEmbedding)
	texts, counts := r.inputs()
	if failure == nil {
		failure = r.check(f, counts)
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	if x.BehaveOnLast(texts) {
		return
	}
	size := f.size
	if r.Dimensions > 0 {
		size = r.Dimensions
	}
	out := embeddingReply{Object: "list", Model: r.Model}
	for i, text := range texts {
		out.Data = append(out.Data, embedding{"embedding", i, encode(vector.Of(text, f.size, size), r.Encoding)})
		out.Usage.PromptTokens += counts[i]
	}
	out.Usage.TotalTokens = out.Usage.PromptTokens
	x.Used(journal.Usage{Input: out.Usage.PromptTokens})
	x.JSON(out)
}

func (r *embeddingRequest) check(f family, counts []int) *provider.Failure {
	if r.Dimensions > 0 && strings.HasPrefix(f.id, "text-embedding-ada") {
		return bad("", "", "This model does not support specifying dimensions.")
	}
	if r.Dimensions > f.size {
		return bad("", "dimensions", "Invalid value for 'dimensions = "+strconv.Itoa(r.Dimensions)+"'. Must be less than or equal to "+strconv.Itoa(f.size)+".")
	}
	for _, n := range counts {
		if n > maxInputTokens {
			return bad("", "", "This model's maximum context length is 8192 tokens, however you requested "+strconv.Itoa(n)+" tokens ("+strconv.Itoa(n)+" in your prompt; 0 for the completion). Please reduce your prompt; or completion length.")
		}
	}
	return nil
}

func encode(v []float32, format string) any {
	if format != "base64" {
		return v
	}
	b := make([]byte, 0, 4*len(v))
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return base64.StdEncoding.EncodeToString(b)
}
