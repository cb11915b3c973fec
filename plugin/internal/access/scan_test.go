package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/access"
)

func TestScan(t *testing.T) {
	t.Parallel()
	const image, audio, video, file, text = access.Image, access.Audio, access.Video, access.File, access.Text
	for _, tt := range []struct {
		about, body string
		in, out     access.Modality // beside text
		tools       string
	}{
		{"OpenAI: text", `{"messages":[{"role":"user","content":"an image_url"}]}`, 0, 0, ""},
		{"OpenAI: an image", `{"messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"u"}}]}]}`, image, 0, ""},
		{"OpenAI: an image without its type", `{"messages":[{"role":"user","content":[{"image_url":{"url":"u"}}]}]}`, image, 0, ""},
		{"OpenAI: sound", `{"messages":[{"content":[{"type":"input_audio","input_audio":{}}]}]}`, audio, 0, ""},
		{"OpenAI: a file", `{"messages":[{"content":[{"type":"file","file":{}}]}]}`, file, 0, ""},
		{"OpenAI: a film, as some services have it", `{"messages":[{"content":[{"type":"video_url","video_url":{}}]}]}`, video, 0, ""},
		{"OpenAI: an answer in sound", `{"modalities":["text","audio"],"messages":[]}`, 0, audio, ""},
		{"OpenAI: tools", `{"tools":[{"type":"function","function":{"name":"add","parameters":{"type":"image"}}},{"type":"custom","custom":{"name":"c"}}]}`, 0, 0, "add,c"},
		{"OpenAI: functions, as they were called", `{"functions":[{"name":"add"}]}`, 0, 0, "add"},
		{"OpenAI: search", `{"web_search_options":{}}`, 0, 0, "web_search"},
		{"OpenAI: arguments of a call are not content", `{"messages":[{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{\"type\":\"image\"}"}}]}]}`, 0, 0, ""},
		{"Responses: an image", `{"input":[{"role":"user","content":[{"type":"input_image","image_url":"u"}]}]}`, image, 0, ""},
		{"Responses: a file", `{"input":[{"type":"message","content":[{"type":"input_file","file_id":"f"}]}]}`, file, 0, ""},
		{"Responses: an image that a tool gave", `{"input":[{"type":"function_call_output","output":[{"type":"input_image"}]}]}`, image, 0, ""},
		{"Responses: a screenshot", `{"input":[{"type":"computer_call_output","output":{"type":"computer_screenshot"}}]}`, image, 0, ""},
		{"Responses: tools", `{"input":"x","tools":[{"type":"function","name":"add"},{"type":"web_search_preview"},{"type":"mcp","server_label":"l"}]}`, 0, 0, "add,web_search_preview,mcp"},
		{"Anthropic: an image", `{"messages":[{"content":[{"type":"image","source":{"type":"base64"}}]}]}`, image, 0, ""},
		{"Anthropic: a document", `{"messages":[{"content":[{"type":"document","source":{"type":"text"}}]}]}`, file, 0, ""},
		{"Anthropic: a document made of blocks", `{"messages":[{"content":[{"type":"document","source":{"type":"content","content":[{"type":"image"}]}}]}]}`, file | image, 0, ""},
		{"Anthropic: a result with an image", `{"messages":[{"content":[{"type":"tool_result","content":[{"type":"image"}]}]}]}`, image, 0, ""},
		{"Anthropic: the input of a call is not content", `{"messages":[{"content":[{"type":"tool_use","input":{"content":[{"type":"image"}]}}]}]}`, 0, 0, ""},
		{"Anthropic: tools", `{"tools":[{"name":"add","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}],"mcp_servers":[{}]}`, 0, 0, "add,web_search_20250305,web_search,mcp"},
		{"Gemini: an image", `{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png"}}]}]}`, image, 0, ""},
		{"Gemini: a film, in the other spelling", `{"contents":{"parts":{"file_data":{"mime_type":"VIDEO/mp4"}}}}`, video, 0, ""},
		{"Gemini: a file", `{"contents":[{"parts":[{"fileData":{"fileUri":"u"}},{"inlineData":{"mimeType":"application/pdf"}}]}]}`, file, 0, ""},
		{"Gemini: an answer with images", `{"generationConfig":{"responseModalities":["TEXT","IMAGE"]}}`, 0, image, ""},
		{"Gemini: tools", `{"tools":[{"functionDeclarations":[{"name":"add"},{"name":"sub"}]},{"googleSearch":{}},{"url_context":{}}]}`, 0, 0, "add,sub,googleSearch,url_context"},
		{"Gemini: a tool that is not known", `{"tools":[{"newTool":{}}]}`, 0, 0, "?"},
		{"Gemini: an empty list of functions", `{"tools":[{"functionDeclarations":[]}],"toolConfig":{"functionCallingConfig":{}}}`, 0, 0, ""},
		{"Ollama: an image", `{"messages":[{"role":"user","content":"x","images":["aGk="]}]}`, image, 0, ""},
		{"Ollama: an image of a prompt", `{"prompt":"x","images":["aGk="]}`, image, 0, ""},
		{"Ollama: no images", `{"messages":[{"content":"x","images":[]}]}`, 0, 0, ""},
		{"Bedrock: an image and a document", `{"messages":[{"content":[{"text":"x"},{"image":{"format":"png"}},{"document":{}}]}]}`, image | file, 0, ""},
		{"Bedrock: a result with a film", `{"messages":[{"content":[{"toolResult":{"content":[{"video":{}}]}}]}]}`, video, 0, ""},
		{"Bedrock: tools", `{"toolConfig":{"tools":[{"toolSpec":{"name":"add"}},{"cachePoint":{"type":"default"}},{"systemTool":{"name":"nova_grounding"}}]}}`, 0, 0, "add,nova_grounding"},
		{"Cohere: tools", `{"tools":[{"type":"function","function":{"name":"add"}}]}`, 0, 0, "add"},
		{"content deeper than anything", `{"messages":` + strings.Repeat(`[{"content":`, 20) + `"x"` + strings.Repeat(`}]`, 20) + `}`, image | audio | video | file, 0, ""},
	} {
		var doc rawjson.Doc
		if err := doc.Parse([]byte(tt.body)); err != nil {
			t.Fatalf("%s: %v", tt.about, err)
		}
		in, out, tools := access.Scan(adapters.Chat, doc.Root(), access.Everything, nil)
		if in != tt.in|text || out != tt.out|text {
			t.Errorf("%s: got %b in and %b out, want %b and %b", tt.about, in, out, tt.in|text, tt.out|text)
		}
		for i := range tools {
			if tools[i] == "" {
				tools[i] = "?"
			}
		}
		if got := strings.Join(tools, ","); got != tt.tools {
			t.Errorf("%s: got tools %s, want %s", tt.about, got, tt.tools)
		}
	}
}

func TestFormsOfOperations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		op      adapters.Operation
		in, out access.Modality
	}{
		{adapters.Images, access.Text, access.Image},
		{adapters.ImageEdits, access.Text | access.Image, access.Image},
		{adapters.Speech, access.Text, access.Audio},
		{adapters.Transcriptions, access.Audio, access.Text},
		{adapters.Embeddings, access.Text, access.Text},
	} {
		in, out, tools := access.Scan(tt.op, rawjson.Value{}, access.Everything, nil)
		if in != tt.in || out != tt.out || !slices.Equal(tools, nil) {
			t.Errorf("%s: got %b and %b, want %b and %b", tt.op, in, out, tt.in, tt.out)
		}
	}
}
