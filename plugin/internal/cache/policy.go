package cache

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Policy says what is kept.
type Policy struct {
	Most        int     // bytes of an answer
	Temperature float64 // above which nothing is kept
	Tools       bool    // calls of tools are, and answers to their results
}

// Asking is why a request has nothing to do with the cache; empty if it has.
func (p *Policy) Asking(r *chat.Request) string {
	if string(r.Store) == "false" {
		return "store"
	}
	if r.Temperature != nil {
		if t, ok := rawjson.ParseFloat(r.Temperature); !ok || t > p.Temperature {
			return "temperature"
		}
	}
	if len(r.ServerTools) > 0 || r.WebSearch != nil {
		return "server_tools" // what they find is not the same tomorrow
	}
	if p.Tools {
		return ""
	}
	for i := range r.Messages {
		for k := range r.Messages[i].Parts {
			if kind := r.Messages[i].Parts[k].Kind; kind == chat.ToolCallPart || kind == chat.ToolResultPart || kind == chat.ServerPart {
				return "agent"
			}
		}
	}
	return ""
}

// Answering is why an answer is not kept; empty if it is.
func (p *Policy) Answering(r *chat.Response) string {
	if len(r.Choices) == 0 {
		return "empty"
	}
	for i := range r.Choices {
		c := &r.Choices[i]
		switch c.Finish {
		case chat.FinishStop, chat.FinishSequence:
		case chat.FinishTools:
			if !p.Tools {
				return "tools"
			}
		case chat.FinishLength:
			return "truncated"
		case chat.FinishFilter:
			return "filtered"
		case chat.FinishRefusal:
			return "refused"
		default:
			return "unfinished"
		}
		if why := p.parts(c.Parts); why != "" {
			return why
		}
	}
	return ""
}

// Unwanted are the ways to end of answers that are not kept, whatever they say.
func (p *Policy) Unwanted() chat.Finishes {
	const always = chat.Finishes(1<<chat.FinishLength | 1<<chat.FinishFilter)
	if p.Tools {
		return always
	}
	return always | 1<<chat.FinishTools
}

func (p *Policy) parts(list []chat.Part) string {
	said := false
	for i := range list {
		switch k := list[i].Kind; k {
		case chat.RefusalPart:
			return "refused"
		case chat.ToolCallPart:
			if !p.Tools {
				return "tools"
			}
			said = true
		case chat.ServerPart:
			return "server_tools"
		case chat.TextPart:
			said = said || len(list[i].Text) > 0
		case chat.ThinkingPart, chat.RedactedPart:
		default:
			return "media"
		}
	}
	if !said {
		return "empty"
	}
	return ""
}
