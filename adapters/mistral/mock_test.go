package mistral_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/mistral"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

func mock() adaptertest.Mock {
	s := mockllm.New(mockllm.Options{})
	return adaptertest.Bearer(s.Handler("mistral"), s.Key("mistral"))
}

// accept says what the mock, which is as strict as the API, has against a request.
func accept(request []byte) error {
	if w := mock()(mistral.Translator().ChatPath("", false), request); w.Code != http.StatusOK {
		return errors.New(w.Body.String())
	}
	return nil
}

// What the shared conversations become is taken by the mock, or refused with its place,
// and what the mock answers can be read.
func TestStrictMockAcceptsSharedConversations(t *testing.T) {
	t.Parallel()
	suites().Converse(t, mock(), nil, "mistral-small-latest", "mistral-large-latest", "magistral-medium-2509")
}
