package anthropicmessages_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
)

func TestErrorsAreWordedAsTheAPIDoes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		e          chat.Error
	}{
		{"message without a path", "no", chat.Error{Message: "no"}},
		{"path in brackets", "messages.1.content.0: no", chat.Error{Param: "messages[1].content[0]", Message: "messages[1].content[0]: no"}},
		{"path that the message does not begin with", "no messages[1]", chat.Error{Param: "messages[1]", Message: "no messages[1]"}},
		{"message that only looks like a path", ": no", chat.Error{Message: ": no"}},
		{"prompt too long, as others say it", "prompt is too long: maximum context length is 9", chat.Error{Code: "context_length_exceeded", Param: "messages", Message: "maximum context length is 9"}},
		{"prompt too long, as the API says it", "prompt is too long: 10 tokens > 9 maximum", chat.Error{Code: "context_length_exceeded", Message: "prompt is too long: 10 tokens > 9 maximum"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := `{"type":"error","error":{"type":"invalid_request_error","message":"` + tt.want + `"}}`
			if got := string(anthropicmessages.AppendError(nil, &tt.e)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
