package openai

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Tokens of one image, and seconds of one sound, whatever they show or say.
const (
	imageTokens  = 1056
	soundSeconds = 3
)

// moderate answers https://platform.openai.com/docs/api-reference/moderations: what has
// the word "violence" in it is flagged.
func (a *api) moderate(x *provider.Exchange, body map[string]any) {
	part := check.Object(check.Req("type", check.Enum("text", "image_url")), check.Opt("text", check.Text()), check.Opt("image_url", check.Any()))
	shape := check.Object(check.Opt("model", check.Text()), check.Req("input", check.ByType(
		check.Choice{Type: check.TString, Shape: check.Text()},
		check.Choice{Type: check.TArray, Shape: check.List(check.ByType(
			check.Choice{Type: check.TString, Shape: check.Text()}, check.Choice{Type: check.TObject, Shape: part}), 1, math.MaxInt)})))
	model, ok := a.ask(x, body, shape, "omni-moderation-latest", opModeration)
	if !ok {
		return
	}
	texts, one := body["input"].([]any)
	if !one {
		texts = []any{body["input"]}
	}
	results := make([]any, 0, len(texts))
	for _, t := range texts {
		said, _ := json.Marshal(t)
		flagged := strings.Contains(string(said), "violence")
		results = append(results, ordered.Of("flagged", flagged, "categories", ordered.Of("violence", flagged), "category_scores", ordered.Of("violence", 0.5)))
	}
	x.JSON(ordered.Of("id", x.ID("modr-", 24), "model", model, "results", results))
}

// ask checks a JSON body and its model, and whether the request was told to fail by its
// text.
func (a *api) ask(x *provider.Exchange, body map[string]any, shape check.Shape, usual string, op operation) (model string, ok bool) {
	if p := shape(nil, body); p != nil {
		x.Fail(*reword(p))
		return "", false
	}
	if model, ok = body["model"].(string); !ok {
		model = usual
	}
	if _, failure := a.model(model, op); failure != nil {
		x.Fail(*failure)
		return "", false
	}
	prompt, _ := body["prompt"].(string)
	if input, isText := body["input"].(string); isText {
		prompt = input
	}
	_, done := x.Behave(prompt)
	return model, !done
}

// image answers https://platform.openai.com/docs/api-reference/images/create.
func (a *api) image(x *provider.Exchange, body map[string]any) {
	shape := check.Object(check.Req("model", check.Text()), check.Req("prompt", check.String(1, 32000)), check.Opt("n", check.Int(1, 10)),
		check.Opt("size", check.Text()), check.Opt("quality", check.Text()), check.Opt("background", check.Text()), check.Opt("output_format", check.Text()),
		check.Opt("moderation", check.Text()), check.Opt("user", check.Text()), check.Opt("stream", check.Bool()), check.Opt("partial_images", check.Int(0, 3)))
	if _, ok := a.ask(x, body, shape, "", opImage); ok {
		a.paint(x, body["prompt"].(string), body["stream"] == true)
	}
}

// paint answers with the same image for the same prompt.
func (a *api) paint(x *provider.Exchange, prompt string, stream bool) {
	used := journal.Usage{Input: tokens.Count(prompt), Output: imageTokens}
	x.Used(used)
	data := base64.StdEncoding.EncodeToString([]byte("an image of " + prompt))
	usage := ordered.Of("total_tokens", used.Input+used.Output, "input_tokens", used.Input, "output_tokens", used.Output,
		"input_tokens_details", ordered.Of("text_tokens", used.Input, "image_tokens", 0))
	if !stream {
		x.JSON(ordered.Of("created", x.Env.Now().Unix(), "data", []any{ordered.Of("b64_json", data)}, "usage", usage))
		return
	}
	s := x.Stream(func() (string, any) { return "error", errorBody{object(usual(http.StatusInternalServerError))} })
	s.Event("image_generation.partial_image", ordered.Of("type", "image_generation.partial_image", "b64_json", data, "partial_image_index", 0))
	s.Event("image_generation.completed", ordered.Of("type", "image_generation.completed", "b64_json", data, "usage", usage))
	s.End()
}

// speak answers https://platform.openai.com/docs/api-reference/audio/createSpeech.
func (a *api) speak(x *provider.Exchange, body map[string]any) {
	shape := check.Object(check.Req("model", check.Text()), check.Req("input", check.String(1, 4096)), check.Req("voice", check.Text()),
		check.Opt("instructions", check.Text()), check.Opt("speed", check.Number(0.25, 4)),
		check.Opt("response_format", check.Enum("mp3", "opus", "aac", "flac", "wav", "pcm")), check.Opt("stream_format", check.Enum("sse", "audio")))
	if _, ok := a.ask(x, body, shape, "", opSpeech); !ok {
		return
	}
	said := body["input"].(string)
	if body["stream_format"] != "sse" {
		x.Bytes("audio/mpeg", append([]byte{0xff, 0xfb, 0, '{'}, said...))
		return
	}
	used := journal.Usage{Input: tokens.Count(said), Output: 101}
	x.Used(used)
	s := x.Stream(func() (string, any) { return "error", errorBody{object(usual(http.StatusInternalServerError))} })
	s.Event("", ordered.Of("type", "speech.audio.delta", "audio", base64.StdEncoding.EncodeToString([]byte(said))))
	s.Event("", ordered.Of("type", "speech.audio.done", "usage", ordered.Of("input_tokens", used.Input, "output_tokens", used.Output, "total_tokens", used.Input+used.Output)))
	s.End()
}

// A form is a body of multipart/form-data.
type form struct {
	values map[string]string
	files  map[string][]byte
}

// readForm reads a form that has no fields but these.
func (a *api) readForm(x *provider.Exchange, fields, files string) (form, *provider.Failure) {
	f := form{map[string]string{}, map[string][]byte{}}
	x.R.Body = io.NopCloser(strings.NewReader(string(x.Body)))
	r, err := x.R.MultipartReader()
	if err != nil {
		return f, bad("unsupported_content_type", "", "Unsupported content type: '"+x.R.Header.Get("Content-Type")+"'. This API method only accepts 'multipart/form-data' requests.")
	}
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return f, nil
		}
		if err != nil {
			return f, bad("", "", "We could not parse the form of your request: "+err.Error())
		}
		if failure := f.add(p, fields, files); failure != nil {
			return f, failure
		}
	}
}

func (f *form) add(p *multipart.Part, fields, files string) *provider.Failure {
	b, err := io.ReadAll(p)
	name := strings.TrimSuffix(p.FormName(), "[]")
	_, again := f.values[name]
	switch {
	case err != nil:
		return bad("", "", "We could not parse the form of your request: "+err.Error())
	case p.FileName() != "" && strings.Contains(" "+files+" ", " "+name+" "):
		f.files[name] = b
	case p.FileName() != "" || !strings.Contains(" "+fields+" ", " "+name+" "):
		return bad("unknown_parameter", name, "Unknown parameter: '"+name+"'.")
	case again && name == "model":
		return bad("", name, "The parameter 'model' is there twice.")
	default:
		f.values[name] = string(b)
	}
	return nil
}

// listen answers https://platform.openai.com/docs/api-reference/audio/createTranscription
// and createTranslation. A sound says what its bytes say.
func (a *api) listen(x *provider.Exchange) {
	f, failure := a.readForm(x, "model language prompt response_format temperature timestamp_granularities stream include chunking_strategy", "file")
	if failure == nil && f.files["file"] == nil {
		failure = bad("missing_required_parameter", "file", "Missing required parameter: 'file'.")
	}
	if failure == nil {
		_, failure = a.model(f.values["model"], opListen)
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	said, done := x.Behave(string(f.files["file"]))
	switch {
	case done:
	case f.values["stream"] == "true":
		used := journal.Usage{Input: 14, Output: tokens.Count(said)}
		x.Used(used)
		s := x.Stream(func() (string, any) { return "error", errorBody{object(usual(http.StatusInternalServerError))} })
		s.Event("", ordered.Of("type", "transcript.text.delta", "delta", said))
		s.Event("", ordered.Of("type", "transcript.text.done", "text", said, "usage",
			ordered.Of("type", "tokens", "input_tokens", used.Input, "output_tokens", used.Output, "total_tokens", used.Input+used.Output)))
		s.End()
	case f.values["response_format"] == "text":
		x.Bytes("text/plain; charset=utf-8", []byte(said))
	default:
		x.JSON(ordered.Of("text", said, "usage", ordered.Of("type", "duration", "seconds", soundSeconds)))
	}
}

// editImage answers https://platform.openai.com/docs/api-reference/images/createEdit.
func (a *api) editImage(x *provider.Exchange) {
	f, failure := a.readForm(x, "model prompt n size quality background output_format user stream partial_images input_fidelity", "image mask")
	if failure == nil && (f.files["image"] == nil || f.values["prompt"] == "") {
		failure = bad("missing_required_parameter", "image", "Missing required parameter: 'image'.")
	}
	if failure == nil {
		_, failure = a.model(f.values["model"], opImage)
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	if prompt, done := x.Behave(f.values["prompt"]); !done {
		a.paint(x, prompt, f.values["stream"] == "true")
	}
}
