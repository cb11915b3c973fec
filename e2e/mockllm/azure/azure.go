// Package azure is a mock of Azure OpenAI: the mock of OpenAI at Azure's paths, with its
// keys, the results of its filters, and its errors.
//
// Written from https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
// and https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter-annotations.
package azure

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/openai"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Key is the key that the mock accepts when its options name none.
const Key = "mock-azure-key"

// Host is the name of the mock's resource.
const Host = "mock.openai.azure.com"

// Provider describes the mock.
func Provider() provider.Provider {
	return openai.Like(openai.Variant{
		Name:        "azure",
		Hosts:       []string{Host},
		Key:         Key,
		Credentials: []string{"Api-Key", "Authorization"},
		Route:       route,
		Check:       check,
		Error:       errorBody,
		Prelude: map[string]any{"choices": []any{}, "created": 0, "id": "", "model": "", "object": "",
			"prompt_filter_results": []any{map[string]any{"prompt_index": 0, "content_filter_results": verdict(false)}}},
		Filters: verdict,
		Reasons: true,
	})
}

func verdict(filtered bool) map[string]any {
	severity := "safe"
	if filtered {
		severity = "high"
	}
	return map[string]any{"hate": map[string]any{"filtered": filtered, "severity": severity}}
}

var (
	version    = regexp.MustCompile(`^20\d\d-\d\d-\d\d(-preview)?$`)
	deployment = regexp.MustCompile(`^/openai/deployments/([^/]+)(/chat/completions|/completions|/embeddings)$`)
)

// route finds the surface. The older one wants a version, v1 knows only preview.
func route(x *provider.Exchange) (string, *provider.Failure) {
	if x.R.Header.Get("Api-Key") == "" && x.R.Header.Get("Authorization") == "" {
		return "", &provider.Failure{Status: http.StatusUnauthorized, Code: "401",
			Message: "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}
	}
	asked := x.R.URL.Query().Get("api-version")
	if rest, ok := strings.CutPrefix(x.R.URL.Path, "/openai/v1/"); ok {
		if asked != "" && asked != "v1" && asked != "preview" {
			return "", &provider.Failure{Status: http.StatusBadRequest, Code: "UnsupportedApiVersion", Message: "API version not supported"}
		}
		return "/v1/" + rest, nil
	}
	m := deployment.FindStringSubmatch(x.R.URL.Path)
	if m == nil || !version.MatchString(asked) {
		return "", &provider.Failure{Status: http.StatusNotFound, Code: "404", Message: "Resource not found"}
	}
	if strings.HasPrefix(m[1], "missing") {
		return "", &provider.Failure{Status: http.StatusNotFound, Code: "DeploymentNotFound", Message: "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."}
	}
	return "/v1" + m[2], nil
}

// newer are members that no version of the older surface has that is not a preview.
var newer = []string{"safety_identifier", "verbosity", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "web_search_options", "moderation"}

func check(x *provider.Exchange, body map[string]any) *provider.Failure {
	if !strings.HasPrefix(x.R.URL.Path, "/openai/deployments/") {
		return nil
	}
	for key := range body {
		if slices.Contains(newer, key) && !strings.HasSuffix(x.R.URL.RawQuery, "-preview") {
			return &provider.Failure{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: "Unrecognized request argument supplied: " + key}
		}
	}
	if m := deployment.FindStringSubmatch(x.R.URL.Path); body["model"] == nil {
		body["model"] = m[1] // the path names it
	}
	return nil
}

// errorBody has a code where OpenAI has a type; what stands before the service has a
// form of its own.
func errorBody(_ *provider.Exchange, f provider.Failure) any {
	if f.Status == http.StatusTooManyRequests {
		return map[string]any{"statusCode": f.Status, "message": f.Message}
	}
	code := any(f.Code)
	if f.Code == "" {
		code = nil
	}
	e := map[string]any{"message": f.Message, "type": f.Type, "param": nil, "code": code}
	if f.Param != "" {
		e["param"] = f.Param
	}
	return map[string]any{"error": e}
}
