package ollama_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/ollama"
)

func FuzzAppendRequest(f *testing.F) { suites().FuzzRequests(f) }

func FuzzStream(f *testing.F) { suites().FuzzStreams(f) }

func FuzzAnswer(f *testing.F) { suites().FuzzAnswers(f) }

func FuzzWatch(f *testing.F) { suites().FuzzWatch(f, ollama.Translator().(adapters.Adapter)) }
