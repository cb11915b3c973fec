package redact

// An alphabet is what the rest of a key may consist of.
type alphabet uint8

const (
	anyAlnum  alphabet = iota
	wordyRest          // letters, digits, - and _
	hexDigits
	capitals // letters in upper case, and digits
	dotted64 // wordyRest, and dots
	slashed  // wordyRest, and slashes
	base64s  // of base64, with its padding
)

// alphabets are the classes of their bytes.
var alphabets = [...]uint16{anyAlnum: alnum, wordyRest: wordy, hexDigits: hexa, capitals: upper | digit, dotted64: wordy | dot, slashed: wordy | slash, base64s: base64}

// A keyForm is how a service's keys look: a prefix, and from least to most bytes more.
type keyForm struct {
	prefix      string
	least, most uint16
	rest        alphabet
	service     string
}

// keyForms are sorted by their prefix, so that those with one first byte stand together.
// Where services say how their keys look they say so in their documentation of secret
// scanning; the rest is from keys of their own examples.
var keyForms = [...]keyForm{
	{"A3-", 26, 40, wordyRest, "1Password"},
	{"ABIA", 16, 16, capitals, "AWS"},
	{"ACCA", 16, 16, capitals, "AWS"},
	{"AGE-SECRET-KEY-1", 58, 58, capitals, "age"},
	{"AIza", 35, 36, wordyRest, "Google"},
	{"AKCp", 60, 80, anyAlnum, "JFrog"},
	{"AKIA", 16, 16, capitals, "AWS"},
	{"APKAEIB", 13, 13, capitals, "AWS"},
	{"AQVN", 35, 40, wordyRest, "Yandex"},
	{"ASIA", 16, 16, capitals, "AWS"},
	{"ATATT3", 100, 250, dotted64, "Atlassian"},
	{"ATBB", 28, 40, anyAlnum, "Bitbucket"},
	{"ATCTT3", 100, 250, dotted64, "Atlassian"},
	{"CCIPAT_", 40, 80, wordyRest, "CircleCI"},
	{"CFPAT-", 40, 50, wordyRest, "Contentful"},
	{"CLOJARS_", 60, 60, anyAlnum, "Clojars"},
	{"EAAA", 56, 70, wordyRest, "Square"},
	{"EAAC", 60, 250, anyAlnum, "Meta"},
	{"EZAK", 54, 54, anyAlnum, "EasyPost"},
	{"EZTK", 54, 54, anyAlnum, "EasyPost"},
	{"FLWSECK-", 32, 40, wordyRest, "Flutterwave"},
	{"FLWSECK_TEST-", 12, 40, wordyRest, "Flutterwave"},
	{"GOCSPX-", 28, 28, wordyRest, "Google"},
	{"GR1348941", 20, 30, wordyRest, "GitLab"},
	{"HRKU-", 36, 60, wordyRest, "Heroku"},
	{"LTAI", 12, 24, anyAlnum, "Alibaba Cloud"},
	{"NRAK-", 27, 27, anyAlnum, "New Relic"},
	{"NRII-", 32, 32, wordyRest, "New Relic"},
	{"NRJS-", 19, 19, anyAlnum, "New Relic"},
	{"PMAK-", 59, 59, wordyRest, "Postman"},
	{"SG.", 60, 70, dotted64, "SendGrid"},
	{"SK", 32, 32, hexDigits, "Twilio"},
	{"abskey-", 20, 60, wordyRest, "Anyscale"},
	{"aio_", 28, 28, anyAlnum, "Adafruit"},
	{"ak_", 28, 64, wordyRest, "Modal"},
	{"apify_api_", 34, 40, anyAlnum, "Apify"},
	{"cio", 32, 32, anyAlnum, "crates.io"},
	{"dapi", 32, 34, hexDigits, "Databricks"},
	{"dckr_oat_", 27, 40, wordyRest, "Docker"},
	{"dckr_pat_", 27, 36, wordyRest, "Docker"},
	{"discord.com/api/webhooks/", 60, 110, slashed, "Discord"},
	{"doo_v1_", 64, 64, hexDigits, "DigitalOcean"},
	{"dop_v1_", 64, 64, hexDigits, "DigitalOcean"},
	{"dor_v1_", 64, 64, hexDigits, "DigitalOcean"},
	{"dp.pt.", 40, 44, anyAlnum, "Doppler"},
	{"dp.st.", 40, 60, dotted64, "Doppler"},
	{"dt0c01.", 80, 100, dotted64, "Dynatrace"},
	{"duffel_live_", 43, 43, wordyRest, "Duffel"},
	{"duffel_test_", 43, 43, wordyRest, "Duffel"},
	{"figd_", 38, 48, wordyRest, "Figma"},
	{"fio-u-", 64, 64, wordyRest, "Frame.io"},
	{"fo1_", 43, 43, wordyRest, "Fly.io"},
	{"fw_", 22, 40, anyAlnum, "Fireworks"},
	{"gho_", 36, 36, anyAlnum, "GitHub"},
	{"ghp_", 36, 36, anyAlnum, "GitHub"},
	{"ghr_", 36, 76, anyAlnum, "GitHub"},
	{"ghs_", 36, 36, anyAlnum, "GitHub"},
	{"ghu_", 36, 36, anyAlnum, "GitHub"},
	{"github_pat_", 60, 90, wordyRest, "GitHub"},
	{"glagent-", 20, 60, wordyRest, "GitLab"},
	{"glc_", 32, 400, base64s, "Grafana"},
	{"glcbt-", 20, 40, wordyRest, "GitLab"},
	{"gldt-", 20, 40, wordyRest, "GitLab"},
	{"glft-", 20, 40, wordyRest, "GitLab"},
	{"glpat-", 20, 60, dotted64, "GitLab"},
	{"glptt-", 40, 40, hexDigits, "GitLab"},
	{"glrt-", 20, 40, wordyRest, "GitLab"},
	{"glsa_", 40, 44, wordyRest, "Grafana"},
	{"gsk_", 40, 60, anyAlnum, "Groq"},
	{"hf_", 30, 40, anyAlnum, "Hugging Face"},
	{"hooks.slack.com/services/", 40, 70, slashed, "Slack"},
	{"hvb.", 90, 300, wordyRest, "Vault"},
	{"hvs.", 24, 200, wordyRest, "Vault"},
	{"jina_", 50, 70, wordyRest, "Jina"},
	{"key-", 32, 32, hexDigits, "Mailgun"},
	{"lin_api_", 40, 40, anyAlnum, "Linear"},
	{"live_", 35, 40, anyAlnum, "Lob"},
	{"lsv2_pt_", 32, 60, wordyRest, "LangSmith"},
	{"lsv2_sk_", 32, 60, wordyRest, "LangSmith"},
	{"nfp_", 36, 40, anyAlnum, "Netlify"},
	{"npm_", 36, 36, anyAlnum, "npm"},
	{"ntn_", 40, 50, anyAlnum, "Notion"},
	{"nvapi-", 60, 80, wordyRest, "NVIDIA"},
	{"ops_eyJ", 200, 1000, base64s, "1Password"},
	{"oy2", 43, 43, anyAlnum, "NuGet"},
	{"pat-eu1-", 36, 36, wordyRest, "HubSpot"},
	{"pat-na1-", 36, 36, wordyRest, "HubSpot"},
	{"pat", 79, 79, dotted64, "Airtable"},
	{"pcsk_", 60, 80, wordyRest, "Pinecone"},
	{"phx_", 40, 50, anyAlnum, "PostHog"},
	{"pnu_", 36, 36, anyAlnum, "Prefect"},
	{"pplx-", 40, 60, anyAlnum, "Perplexity"},
	{"pscale_oauth_", 32, 64, dotted64, "PlanetScale"},
	{"pscale_pw_", 32, 64, dotted64, "PlanetScale"},
	{"pscale_tkn_", 32, 64, dotted64, "PlanetScale"},
	{"pul-", 40, 40, hexDigits, "Pulumi"},
	{"pypi-", 50, 250, wordyRest, "PyPI"},
	{"r8_", 37, 37, anyAlnum, "Replicate"},
	{"rdme_", 70, 70, anyAlnum, "ReadMe"},
	{"re_", 24, 36, wordyRest, "Resend"},
	{"rk_live_", 20, 120, anyAlnum, "Stripe"},
	{"rk_test_", 20, 120, anyAlnum, "Stripe"},
	{"rubygems_", 48, 48, hexDigits, "RubyGems"},
	{"sb_secret_", 20, 60, wordyRest, "Supabase"},
	{"sbp_", 40, 40, hexDigits, "Supabase"},
	{"secret_", 43, 43, anyAlnum, "Notion"},
	{"sgp_", 40, 70, wordyRest, "Sourcegraph"},
	{"shippo_live_", 40, 40, hexDigits, "Shippo"},
	{"shippo_test_", 40, 40, hexDigits, "Shippo"},
	{"shpat_", 32, 32, hexDigits, "Shopify"},
	{"shpca_", 32, 32, hexDigits, "Shopify"},
	{"shppa_", 32, 32, hexDigits, "Shopify"},
	{"shpss_", 32, 32, hexDigits, "Shopify"},
	{"sk-ant-", 40, 140, wordyRest, "Anthropic"},
	{"sk-or-v1-", 64, 64, hexDigits, "OpenRouter"},
	{"sk-", 32, 220, wordyRest, "OpenAI, DeepSeek and others"},
	{"sk_live_", 20, 120, anyAlnum, "Stripe"},
	{"sk_test_", 20, 120, anyAlnum, "Stripe"},
	{"sk_", 40, 56, hexDigits, "ElevenLabs"},
	{"sl.", 130, 200, wordyRest, "Dropbox"},
	{"sntryu_", 64, 64, hexDigits, "Sentry"},
	{"sntrys_", 80, 300, base64s, "Sentry"},
	{"sq0atp-", 22, 22, wordyRest, "Square"},
	{"sq0csp-", 43, 43, wordyRest, "Square"},
	{"sq0idp-", 22, 22, wordyRest, "Square"},
	{"tfp_", 40, 70, dotted64, "Typeform"},
	{"tgp_v1_", 40, 60, wordyRest, "Together"},
	{"tvly-", 28, 50, wordyRest, "Tavily"},
	{"vcp_", 24, 80, anyAlnum, "Vercel"},
	{"whsec_", 24, 64, base64s, "Stripe"},
	{"xai-", 60, 90, anyAlnum, "xAI"},
	{"xapp-", 40, 120, wordyRest, "Slack"},
	{"xkeysib-", 64, 90, wordyRest, "Brevo"},
	{"xoxa-", 30, 120, wordyRest, "Slack"},
	{"xoxb-", 30, 120, wordyRest, "Slack"},
	{"xoxe-", 30, 250, wordyRest, "Slack"},
	{"xoxe.xox", 60, 250, dotted64, "Slack"},
	{"xoxp-", 30, 120, wordyRest, "Slack"},
	{"xoxr-", 30, 120, wordyRest, "Slack"},
	{"xoxs-", 30, 120, wordyRest, "Slack"},
	{"ya29.", 30, 250, wordyRest, "Google"},
}

// keyIndex is where in keyForms those begin whose prefix begins with a byte.
var keyIndex = func() (at [129]uint8) {
	i := 0
	for b := range at {
		for i < len(keyForms) && int(keyForms[i].prefix[0]) < b {
			i++
		}
		at[b] = uint8(i)
	}
	return at
}()

// apiKey is where a key ends that begins at p and has a service's form; 0 if none does.
func apiKey(v *view, p int) int {
	c := v.at(p)
	if c >= 0x80 || v.joins(p) && !afterEscape(v, p) {
		return 0
	}
	if isDigit(c) {
		if e := telegram(v, p); e > 0 {
			return e
		}
	}
	if isHex(c) {
		if e := mailchimp(v, p); e > 0 {
			return e
		}
	}
	if c >= 'M' && c <= 'O' {
		if e := discord(v, p); e > 0 {
			return e
		}
	}
	for i := keyIndex[c]; i < keyIndex[c+1]; i++ {
		f := &keyForms[i]
		if p+1 < len(v.t) && v.t[p+1] != f.prefix[1] || !v.is(p, f.prefix) {
			continue
		}
		from := p + len(f.prefix)
		e := v.run(from, int(f.most)+1, alphabets[f.rest])
		if f.rest == dotted64 || f.rest == wordyRest { // a full stop, a dash
			for e > from && (v.before(e-1) == '.' || v.before(e-1) == '-' && !isWord(v.at(e))) {
				e--
			}
		}
		if n := e - from; n < int(f.least) || n > int(f.most) || isWord(v.at(e)) || !random(v.t[from:e], 8) {
			continue
		}
		return e
	}
	return 0
}

// telegram is a bot's key: its number, a colon, and 35 characters.
func telegram(v *view, p int) int {
	i := v.run(p, 11, digit)
	if n := i - p; n < 8 || n > 10 || v.at(i) != ':' || !v.is(i+1, "AA") {
		return 0
	}
	if e := v.run(i+1, 36, wordy); e-i == 36 && !isWord(v.at(e)) {
		return e
	}
	return 0
}

// mailchimp is a key of 32 hexadecimal digits and the data centre that has it.
func mailchimp(v *view, p int) int {
	i := v.run(p, 33, hexa)
	if i-p != 32 || !v.is(i, "-us") {
		return 0
	}
	if e := v.run(i+3, 3, digit); e > i+3 && e < i+6 && !isWord(v.at(e)) {
		return e
	}
	return 0
}

// discord is a bot's key: its number in base64, a time, and a signature.
func discord(v *view, p int) int {
	i := v.run(p, 29, alnum)
	if n := i - p; n < 23 || n > 28 || v.at(i) != '.' {
		return 0
	}
	j := v.run(i+1, 7, wordy)
	if j-i != 7 || v.at(j) != '.' {
		return 0
	}
	if e := v.run(j+1, 40, wordy); e-j > 26 && e-j < 40 && !isWord(v.at(e)) {
		return e
	}
	return 0
}

// random reports whether s may be the random part of a key: it has so many different
// characters, and is not of an example.
func random(s []byte, least int) bool {
	var seen [4]uint64
	n, digits, row := 0, 0, 0
	for i, c := range s {
		if seen[c>>6]>>(c&63)&1 == 0 {
			seen[c>>6] |= 1 << (c & 63)
			n++
		}
		if isDigit(c) {
			digits++
		}
		if i > 0 && c == s[i-1] {
			if row++; row >= 6 {
				return false
			}
		} else {
			row = 0
		}
		if c == 'E' && len(s)-i >= 7 && string(s[i:i+7]) == "EXAMPLE" {
			return false
		}
	}
	return n >= least && (digits > 0 || mixedCase(s))
}

func mixedCase(s []byte) bool {
	turns := 0
	for i := 1; i < len(s); i++ {
		if isUpper(s[i]) && s[i-1]-'a' < 26 {
			turns++
		}
	}
	return turns >= 3
}

// secretValue is where a value without a form of its own ends that is said to be secret:
// secret_key = "…", Bearer …. It begins at p.
func secretValue(v *view, p int) int {
	from := p
	e := v.run(from, 513, secret)
	for e > from && (v.before(e-1) == '.') {
		e--
	}
	n := e - from
	if n < shortestSecret || n > 512 || isWord(v.at(e)) || v.at(e) == '(' || v.at(e) == '{' || v.at(e) == '$' {
		return 0
	}
	s := v.t[from:e]
	letters, digits, caps := 0, 0, 0
	for _, c := range s {
		switch k := classes[c]; {
		case k&digit != 0:
			digits++
		case k&upper != 0:
			caps++
			letters++
		case k&lower != 0:
			letters++
		}
	}
	if digits < 2 || letters < 4 {
		return 0
	}
	switch said := assigned(v, p); {
	case said:
	case n < 24 || digits < 3 || caps < 3 || letters-caps < 3 || !isAlnum(v.at(p)) || v.before(p-1) != ' ' && v.before(p-1) != '"' && v.before(p-1) != '`':
		return 0
	case !v.within(p, 2, aboutSecret): // the secret is …
		return 0
	}
	if !random(s, 10) || entropy(s) < 3.2 {
		return 0
	}
	return e
}

// assigned reports whether what begins at p is the value of something secret.
func assigned(v *view, p int) bool {
	i := p - 1
	for n := 0; n < 4 && (v.before(i) == '"' || v.before(i) == '\'' || v.before(i) == '\\' || v.before(i) == '`'); n++ {
		i--
	}
	for n := 0; n < 4 && (v.before(i) == ' ' || v.before(i) == '\t'); n++ {
		i--
	}
	c := v.before(i)
	sign := c == '=' || c == ':' || c == '>' && (v.before(i-1) == '=' || v.before(i-1) == '-')
	if !sign { // Bearer …
		return i < p-1 && i >= 5 && (c == 'r' || c == 'R') && toLower(v.t[i-5]) == 'b' && v.about(p, aboutSecret) == 1
	}
	d := v.about(p, aboutSecret)
	if d == 1 || d == 2 && v.about(p, aboutKey) == 1 {
		return true
	}
	k := v.about(p, aboutKey)
	return k == 1 && (v.within(p, 4, aboutSecret) || v.within(p, 3, aboutKeyKind) || v.within(p, 2, aboutAccount))
}

// entropy is that of the characters of s, in bits for each.
func entropy(s []byte) float64 {
	var count [256]uint16
	for _, c := range s {
		count[c]++
	}
	sum := 0.0
	for _, n := range count {
		if n > 0 {
			sum += float64(n) * log2(float64(len(s))/float64(n))
		}
	}
	return sum / float64(len(s))
}

// log2 is accurate to about a hundredth from 1 on, which is enough here.
func log2(x float64) float64 {
	n := 0.0
	for x >= 2 {
		x, n = x/2, n+1
	}
	x--
	return n + x*(1.3465-0.3465*x)
}
