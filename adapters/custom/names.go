package custom

// A name is what can stand between braces in a template.
type name uint8

// Names. What each is in which template is in the table.
const (
	noName name = iota
	nModel
	nStream
	nMessages
	nHistory
	nLast
	nSystem
	nPrompt
	nMaxTokens
	nTemperature
	nTopP
	nTopK
	nMinP
	nFrequency
	nPresence
	nSeed
	nStop
	nUser
	nTools
	nChoice
	nParallel
	nJSON
	nSchema
	nFormat
	nEffort
	nBudget
	nBias
	nMetadata
	nRole
	nContent
	nName
	nCalls
	nID
	nArguments
	nArgumentsText
	nIsError
	nText
	nURL
	nData
	nMediaType
	nDescription
	nParameters
)

// A scope is a kind of template.
type scope uint8

const (
	inRequest scope = 1 << iota
	inMessage
	inCall
	inResult
	inText
	inImage
	inTool
	inTurn // of a prompt
)

// A form is how the value of a name is written.
type form uint8

const (
	words form = iota // a string, or a part of one
	plain             // a number or boolean, also within a string
	whole             // any other value, never within a string
)

// names are all names, in the order of their numbers.
var names = [...]struct {
	word   string
	scopes scope
	form   form
}{
	nModel:         {"model", inRequest, words},
	nStream:        {"stream", inRequest, plain},
	nMessages:      {"messages", inRequest, whole},
	nHistory:       {"history", inRequest, whole},
	nLast:          {"last", inRequest, words},
	nSystem:        {"system", inRequest, words},
	nPrompt:        {"prompt", inRequest, words},
	nMaxTokens:     {"max_tokens", inRequest, plain},
	nTemperature:   {"temperature", inRequest, plain},
	nTopP:          {"top_p", inRequest, plain},
	nTopK:          {"top_k", inRequest, plain},
	nMinP:          {"min_p", inRequest, plain},
	nFrequency:     {"frequency_penalty", inRequest, plain},
	nPresence:      {"presence_penalty", inRequest, plain},
	nSeed:          {"seed", inRequest, plain},
	nStop:          {"stop", inRequest, whole},
	nUser:          {"user", inRequest, words},
	nTools:         {"tools", inRequest, whole},
	nChoice:        {"tool_choice", inRequest, whole},
	nParallel:      {"parallel_tool_calls", inRequest, plain},
	nJSON:          {"json", inRequest, plain},
	nSchema:        {"schema", inRequest, whole},
	nFormat:        {"response_format", inRequest, whole},
	nEffort:        {"effort", inRequest, words},
	nBudget:        {"thinking_budget", inRequest, plain},
	nBias:          {"logit_bias", inRequest, whole},
	nMetadata:      {"metadata", inRequest, whole},
	nRole:          {"role", inMessage, words},
	nContent:       {"content", inMessage | inResult | inTurn, words},
	nName:          {"name", inMessage | inCall | inResult | inTool, words},
	nCalls:         {"tool_calls", inMessage, whole},
	nID:            {"id", inCall | inResult, words},
	nArguments:     {"arguments", inCall, whole},
	nArgumentsText: {"arguments_text", inCall, words},
	nIsError:       {"is_error", inResult, plain},
	nText:          {"text", inText, words},
	nURL:           {"url", inImage, words},
	nData:          {"data", inImage, words},
	nMediaType:     {"media_type", inImage, words},
	nDescription:   {"description", inTool, words},
	nParameters:    {"parameters", inTool, whole},
}

// find is the name of a template of this scope; noName if there is none, and then those
// that there are.
func find(s scope, w string) (name, []string) {
	var there []string
	for i := range names {
		if names[i].scopes&s == 0 {
			continue
		}
		if names[i].word == w {
			return name(i), nil
		}
		there = append(there, names[i].word)
	}
	return noName, there
}
