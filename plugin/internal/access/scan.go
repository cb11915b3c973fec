package access

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// operationForms are the forms of content that operations have by themselves.
func operationForms(op adapters.Operation) (in, out Modality) {
	switch op {
	case adapters.Images:
		return Text, Image
	case adapters.ImageEdits:
		return Text | Image, Image
	case adapters.Speech:
		return Text, Audio
	case adapters.Transcriptions, adapters.Translations:
		return Audio, Text
	case adapters.Files, adapters.Batches:
		return 0, 0
	}
	return Text, Text
}

// Scan finds the forms of content and the tools in a request of any of the dialects, in
// one walk over what can have them, as far as parts says that it matters. request is absent
// for one that is a form. Tools are appended to tools.
func Scan(op adapters.Operation, request rawjson.Value, parts Part, tools []string) (in, out Modality, names []string) {
	in, out = operationForms(op)
	s := scanner{in: in, out: out, tools: tools}
	for it := request.Members(); it.Next(); {
		switch key := string(it.Key.Bytes()); key {
		case "tools", "functions":
			s.list(it.Value)
		case "toolConfig": // Bedrock's; Gemini's says how tools are called
			s.list(it.Value.Get("tools"))
		case "web_search_options":
			s.tools = append(s.tools, "web_search")
		case "mcp_servers":
			s.tools = append(s.tools, "mcp")
		case "modalities":
			s.wanted(it.Value)
		case "generationConfig", "generation_config":
			s.wanted(it.Value.Get("responseModalities"))
			s.wanted(it.Value.Get("response_modalities"))
		case "messages", "contents", "input", "inputs", "content", "requests", "images", "image", "systemInstruction", "system_instruction", "system":
			if parts&Contents != 0 {
				s.content(key, it.Value, 0)
			}
		}
	}
	return s.in, s.out, s.tools
}

type scanner struct {
	in, out Modality
	tools   []string
}

// list reads declarations of tools.
func (s *scanner) list(tools rawjson.Value) {
	for it := tools.Items(); it.Next(); {
		s.tool(it.Value)
	}
}

// tool reads one declaration: the name of a function, in whatever it is wrapped, and what
// else the tool is. One of which nothing is understood has a name that no list has.
func (s *scanner) tool(v rawjson.Value) {
	before := len(s.tools)
	understood := false
	for it := v.Members(); it.Next(); {
		switch key := string(it.Key.Bytes()); key {
		case "name":
			s.tools = append(s.tools, it.Value.Str())
		case "function", "toolSpec", "systemTool", "custom":
			s.tools = append(s.tools, it.Value.Get("name").Str())
		case "functionDeclarations", "function_declarations":
			understood = true
			for f := it.Value.Items(); f.Next(); {
				s.tools = append(s.tools, f.Value.Get("name").Str())
			}
		case "type":
			if kind := it.Value.Str(); kind != "function" && kind != "custom" {
				s.tools = append(s.tools, kind) // one that the provider runs
			}
		case "cachePoint":
			understood = true
		case "googleSearch", "google_search", "googleSearchRetrieval", "google_search_retrieval", "codeExecution", "code_execution",
			"urlContext", "url_context", "googleMaps", "google_maps", "fileSearch", "file_search", "computerUse", "computer_use",
			"enterpriseWebSearch", "enterprise_web_search", "retrieval":
			s.tools = append(s.tools, key) // Gemini names them so
		}
	}
	if len(s.tools) == before && !understood {
		s.tools = append(s.tools, "")
	}
}

// wanted reads in which forms the answer is asked for.
func (s *scanner) wanted(list rawjson.Value) {
	for it := list.Items(); it.Next(); {
		s.out |= formOf(it.Value.Str())
	}
}

// mostDeep is how deep content is looked for. Nothing that APIs take is as deep.
const mostDeep = 16

// content looks for what is no text in the value of a member, or in each of a list. Where
// there may be anything, as in the arguments of calls, nothing is looked for.
func (s *scanner) content(key string, v rawjson.Value, deep int) {
	if deep > mostDeep {
		s.in |= Image | Audio | Video | File // it cannot be told
		return
	}
	switch v.Kind() {
	case rawjson.Array:
		for it := v.Items(); it.Next(); {
			s.content(key, it.Value, deep+1)
		}
	case rawjson.String:
		if key == "images" || key == "image" { // Ollama's, and of requests for images
			s.in |= Image
		}
	case rawjson.Object:
		s.block(v, deep)
	}
}

// block reads a message, or a part of one.
func (s *scanner) block(v rawjson.Value, deep int) {
	kind := v.Get("type").Str()
	s.in |= formOf(kind)
	for it := v.Members(); it.Next(); {
		switch key := string(it.Key.Bytes()); key {
		case "content", "parts", "output", "toolResult", "functionResponse", "response", "images":
			s.content(key, it.Value, deep+1)
		case "source": // of a document, which can be made of blocks
			s.content(key, it.Value.Get("content"), deep+1)
		case "inlineData", "inline_data", "fileData", "file_data":
			s.media(it.Value)
		case "image_url", "input_audio", "video_url", "document_url":
			s.in |= formOf(key)
		case "image", "audio", "video", "document": // Bedrock's
			if kind == "" && it.Value.Kind() == rawjson.Object {
				s.in |= formOf(key)
			}
		}
	}
}

// media reads what has a media type.
func (s *scanner) media(v rawjson.Value) {
	kind := v.Get("mimeType")
	if !kind.Exists() {
		kind = v.Get("mime_type")
	}
	first, _, _ := strings.Cut(kind.Str(), "/")
	if f := formOf(first); f != 0 {
		s.in |= f
	} else {
		s.in |= File
	}
}

// formOf is the form that a word stands for, in the spellings of all dialects.
func formOf(word string) Modality {
	switch strings.ToLower(word) {
	case "text":
		return Text
	case "image", "image_url", "input_image", "computer_screenshot":
		return Image
	case "audio", "input_audio", "audio_url":
		return Audio
	case "video", "video_url", "input_video":
		return Video
	case "file", "input_file", "document", "document_url", "container_upload":
		return File
	}
	return 0
}
