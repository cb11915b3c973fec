package openaichat

import (
	"bytes"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
)

// finishReason is the API's word for why an answer ended. A refusal in the message
// itself ends as any answer does; one without a text looks like a filter's work. A turn
// that was paused is not complete, which only length says.
func finishReason(f chat.Finish, refused bool) string {
	switch f {
	case chat.FinishLength, chat.FinishPause:
		return "length"
	case chat.FinishTools:
		return "tool_calls"
	case chat.FinishFilter:
		return "content_filter"
	case chat.FinishRefusal:
		if !refused {
			return "content_filter"
		}
	}
	return "stop"
}

// appendID appends an answer's id with the prefix that the API's ids have.
func appendID(dst []byte, id chat.Text) []byte {
	if !bytes.HasPrefix(id, []byte("chatcmpl-")) {
		dst = rawjson.Add(dst, "chatcmpl-")
	}
	return rawjson.AddRaw(dst, id)
}

// appendText appends a member if there is a text for it.
func appendText(dst []byte, key string, t chat.Text) []byte {
	if len(t) == 0 {
		return dst
	}
	dst = rawjson.Add(dst, key)
	dst = append(dst, '"')
	dst = rawjson.AddRaw(dst, t)
	return append(dst, '"')
}

func appendRaw(dst []byte, raw chat.Raw) []byte {
	if len(raw) == 0 {
		return rawjson.Add(dst, "null")
	}
	return rawjson.AddRaw(dst, raw)
}

func appendUsage(dst []byte, u chat.Usage) []byte {
	for _, m := range [...]struct {
		key string
		n   int64
	}{
		{`{"prompt_tokens":`, u.Input},
		{`,"completion_tokens":`, u.Output},
		{`,"total_tokens":`, u.Total()},
		{`,"prompt_tokens_details":{"cached_tokens":`, u.CachedRead},
		{`,"cache_write_tokens":`, u.CacheWrite},
		{`,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":`, u.Reasoning},
	} {
		dst = rawjson.Add(dst, m.key)
		dst = strconv.AppendInt(dst, m.n, 10)
	}
	return rawjson.Add(dst, `,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`)
}
