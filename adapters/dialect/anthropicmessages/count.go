package anthropicmessages

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Tokens that a request has beside its texts, as OpenAI's models count them
// (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken): around each
// message, before the answer, and around each tool, call and result. What a picture or
// a page costs depends on its size, which is not looked at: these are usual ones.
const (
	perMessage = 4
	perAnswer  = 3
	perTool    = 8
	perCall    = 6
	perImage   = 765
	perFile    = 1500
)

// bytesPerPageToken is how many bytes of base64 of a PDF file come to a token, above
// perFile.
const bytesPerPageToken = 24

// CountTokens estimates the tokens of a request to /v1/messages/count_tokens, for models
// whose provider counts none. It reads the request into r, which is empty.
func CountTokens(request rawjson.Value, r *chat.Request) (int64, *chat.Error) {
	d := reader{r: r}
	d.read(request)
	if d.err != nil {
		return 0, d.err
	}
	c := counter{fixed: perAnswer}
	for i := range r.Messages {
		c.fixed += perMessage
		c.parts(r.Messages[i].Parts)
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		c.fixed += perTool
		c.text(t.Name)
		c.text(t.Description)
		c.json(t.Parameters)
	}
	for i := range r.ServerTools {
		c.json(r.ServerTools[i].Raw)
	}
	c.json(r.Format.Schema)
	return c.fixed + c.total, nil
}

// A counter adds up texts. Each begins anew: no word reaches into the next.
type counter struct{ fixed, total int64 }

func (c *counter) text(t chat.Text) {
	var e chat.Estimate
	e.AddText(t)
	c.total += e.Tokens()
}

// json counts a document as it is spelled, which is how models see it.
func (c *counter) json(raw chat.Raw) {
	var e chat.Estimate
	e.Add(raw)
	c.total += e.Tokens()
}

func (c *counter) parts(parts []chat.Part) {
	for i := range parts {
		p := &parts[i]
		switch p.Kind {
		case chat.ImagePart:
			c.fixed += perImage
		case chat.DocumentPart:
			c.document(p)
		case chat.ToolCallPart:
			c.fixed += perCall
			c.text(p.Name)
			c.json(p.Input)
		case chat.ToolResultPart:
			c.fixed += perCall
			c.parts(p.Result)
		case chat.ServerPart:
			c.json(p.Raw)
		case chat.RedactedPart: // nobody but its provider can read it
		default:
			c.text(p.Text)
		}
	}
}

func (c *counter) document(p *chat.Part) {
	c.text(p.Title)
	c.text(p.Context)
	if p.Media.Plain {
		c.text(p.Media.Data)
		return
	}
	c.fixed += perFile + int64(len(p.Media.Data)/bytesPerPageToken)
}
