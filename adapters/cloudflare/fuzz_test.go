package cloudflare_test

import "testing"

func FuzzAppendRequest(f *testing.F) { suites().FuzzRequests(f) }

func FuzzStream(f *testing.F) { suites().FuzzStreams(f) }

func FuzzAnswer(f *testing.F) { suites().FuzzAnswers(f) }
