package gemini

import "testing"

func TestSpellings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"snake case", `{"generation_config":{"top_p":0.50,"thinking_config":{"thinking_budget":1}}}`, `{"generationConfig":{"topP":0.50,"thinkingConfig":{"thinkingBudget":1}}}`},
		{"what is the client's own stays", `{"a_b":[{"args":{"x_y":{"z_z":1}},"parameters_json_schema":{"q_q":1}}],"properties":{"p_p":{"any_of":[]}}}`, `{"aB":[{"args":{"x_y":{"z_z":1}},"parametersJsonSchema":{"q_q":1}}],"properties":{"p_p":{"anyOf":[]}}}`},
		{"no JSON", `{"a_b":`, `{"a_b":`},
	} {
		if got := string(camelKeys([]byte(tt.in))); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
