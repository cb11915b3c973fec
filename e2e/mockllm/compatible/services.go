package compatible

// A service is what the mock knows of one. The pages that say so are named in the table
// of adapters/compatible, which this one does not look at.
type service struct {
	name, host string
	bases      string // paths before /chat/completions, or before others
	lacks      string // members that are refused, and roles, formats and members within
	only       string // all members that are taken, if it is not empty
	extra      string // members that OpenAI does not have
	efforts    string // of reasoning_effort, if it does not take all
	thoughts   string // member of earlier answers that has their thinking
	form       string // of errors: detail, text, flat; empty is OpenAI's
	always     bool   // usage comes without being asked
}

const glm = "request_id user_id do_sample temperature top_p max_tokens seed stop tools tool_choice response_format thinking"

func services() []service {
	return []service{
		{name: "cerebras", host: "api.cerebras.ai", bases: "/v1", lacks: "developer frequency_penalty presence_penalty logit_bias parallel_tool_calls service_tier max_tokens", efforts: "none low medium high", thoughts: "reasoning"},
		{name: "chutes", host: "llm.chutes.ai", bases: "/v1", lacks: "reasoning_effort"},
		{name: "databricks", host: "databricks.internal", bases: "/serving-endpoints", lacks: "max_completion_tokens"},
		{name: "deepinfra", host: "api.deepinfra.com", bases: "/v1/openai", efforts: "none low medium high xhigh"},
		{name: "deepseek", host: "api.deepseek.com", bases: "/", lacks: "developer json_schema", only: "max_tokens response_format stop stream_options temperature top_p frequency_penalty presence_penalty tools tool_choice logprobs top_logprobs reasoning_effort", extra: "thinking user_id", efforts: "low high max", thoughts: "reasoning_content"},
		{name: "digitalocean", host: "inference.do-ai.run", bases: "/v1", efforts: "none low medium high max"},
		{name: "doubao", host: "ark.cn-beijing.volces.com", bases: "/api/v3", lacks: "developer store metadata verbosity prompt_cache_key safety_identifier prediction", extra: "thinking", efforts: "minimal low medium high"},
		{name: "fireworks", host: "api.fireworks.ai", bases: "/inference/v1", extra: "top_k", efforts: "low medium high"},
		{name: "friendli", host: "api.friendli.ai", bases: "/serverless/v1", lacks: "reasoning_effort"},
		{name: "github", host: "models.github.ai", bases: "/inference"},
		{name: "groq", host: "api.groq.com", bases: "/openai/v1", lacks: "logprobs top_logprobs logit_bias n name frequency_penalty presence_penalty", efforts: "none default low medium high"},
		{name: "hpc-ai", host: "api.hpc-ai.com", bases: "/inference/v1", efforts: "none low medium high"},
		{name: "hunyuan", host: "api.hunyuan.cloud.tencent.com", bases: "/v1", lacks: "developer"},
		{name: "inception", host: "api.inceptionlabs.ai", bases: "/v1", efforts: "instant low medium high"},
		{name: "jina", host: "api.jina.ai", bases: "/v1", form: "detail"},
		{name: "llama", host: "api.llama.com", bases: "/compat/v1", lacks: "developer reasoning_effort", only: "max_completion_tokens response_format stream_options temperature tool_choice tools top_p user", extra: "top_k repetition_penalty"},
		{name: "llamacpp", host: "llamacpp.internal", bases: "/v1", extra: "top_k min_p cache_prompt grammar", thoughts: "reasoning_content"},
		{name: "lmstudio", host: "lmstudio.internal", bases: "/v1", only: "temperature top_p max_tokens stop presence_penalty frequency_penalty logit_bias seed tools tool_choice response_format stream_options", extra: "top_k repeat_penalty", form: "text"},
		{name: "localai", host: "localai.internal", bases: "/v1", extra: "top_k"},
		{name: "minimax", host: "api.minimax.io", bases: "/v1", lacks: "presence_penalty frequency_penalty logit_bias n functions function_call max_tokens reasoning_effort", extra: "thinking reasoning_split"},
		{name: "moonshot", host: "api.moonshot.ai", bases: "/v1", lacks: "developer seed strict", extra: "thinking", efforts: "low high max", thoughts: "reasoning_content"},
		{name: "nebius", host: "api.tokenfactory.nebius.com", bases: "/v1", efforts: "low medium high", form: "detail"},
		{name: "novita", host: "api.novita.ai", bases: "/openai/v1", lacks: "reasoning_effort", extra: "enable_thinking"},
		{name: "nvidia", host: "integrate.api.nvidia.com", bases: "/v1", extra: "top_k min_p", form: "flat"},
		{name: "openrouter", host: "openrouter.ai", bases: "/api/v1", lacks: "stream_options", extra: "top_k min_p reasoning", always: true},
		{name: "perplexity", host: "api.perplexity.ai", bases: "/v1 /", lacks: "seed logit_bias user service_tier functions function_call store metadata stream_options max_completion_tokens", extra: "top_k search_mode", efforts: "minimal low medium high", always: true},
		{name: "qwen", host: "dashscope-intl.aliyuncs.com", bases: "/compatible-mode/v1", lacks: "frequency_penalty reasoning_effort", extra: "top_k enable_thinking thinking_budget"},
		{name: "sambanova", host: "api.sambanova.ai", bases: "/v1", lacks: "frequency_penalty presence_penalty user", extra: "top_k", efforts: "low medium high"},
		{name: "scaleway", host: "api.scaleway.ai", bases: "/v1", efforts: "none low medium high"},
		{name: "sglang", host: "sglang.internal", bases: "/v1", extra: "top_k min_p", form: "flat"},
		{name: "siliconflow", host: "api.siliconflow.com", bases: "/v1", lacks: "max_completion_tokens reasoning_effort", extra: "top_k min_p enable_thinking thinking_budget", form: "flat"},
		{name: "stepfun", host: "api.stepfun.com", bases: "/v1", lacks: "developer", efforts: "low medium high"},
		{name: "tgi", host: "tgi.internal", bases: "/v1", only: "frequency_penalty logprobs max_tokens presence_penalty response_format seed stop stream_options temperature tool_choice tools top_logprobs top_p", form: "text"},
		{name: "together", host: "api.together.ai", bases: "/v1", lacks: "developer top_logprobs parallel_tool_calls user service_tier store metadata verbosity max_completion_tokens", extra: "top_k min_p", efforts: "low medium high"},
		{name: "tokenhub", host: "tokenhub.tencentmaas.com", bases: "/v1", extra: "thinking", efforts: "low medium high"},
		{name: "upstage", host: "api.upstage.ai", bases: "/v1/solar", efforts: "low medium high"},
		{name: "venice", host: "api.venice.ai", bases: "/api/v1", lacks: "max_tokens"},
		{name: "vllm", host: "vllm.internal", bases: "/v1", lacks: "user parallel_tool_calls suffix", extra: "top_k min_p", form: "flat"},
		{name: "voyage", host: "api.voyageai.com", bases: "/v1", form: "detail"},
		{name: "wandb", host: "api.inference.wandb.ai", bases: "/v1", lacks: "reasoning_effort"},
		{name: "xai", host: "api.x.ai", bases: "/v1", lacks: "frequency_penalty presence_penalty max_tokens", efforts: "none low medium high"},
		{name: "xinference", host: "xinference.internal", bases: "/v1", lacks: "logit_bias", extra: "top_k", form: "detail"},
		{name: "zai", host: "api.z.ai", bases: "/api/paas/v4", lacks: "developer", only: glm, extra: "request_id user_id do_sample thinking", always: true},
		{name: "zhipu", host: "open.bigmodel.cn", bases: "/api/paas/v4", lacks: "developer", only: glm, extra: "request_id user_id do_sample thinking", always: true},
	}
}
