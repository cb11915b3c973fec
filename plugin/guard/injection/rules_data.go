package injection

import _ "embed" // for the rules

//go:embed rules.txt
var rulesText string

// Default is the rules that the module comes with.
func Default() (*Rules, error) { return Compile(rulesText) }
