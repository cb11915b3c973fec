package compatible

import "github.com/postern-gateway/postern/adapters/openai"

// Operations that several services have.
const (
	chatOnly   = openai.Chat
	chatModels = openai.Chat | openai.Models
	noLegacy   = openai.Chat | openai.Embeddings | openai.Models
	server     = openai.Chat | openai.Completions | openai.Embeddings | openai.Models
	all        = server | openai.Responses
	spoken     = openai.Transcriptions | openai.Translations
	batches    = openai.Files | openai.Batches
)

// Beside the rows' own pages, these say who has rerankers, images, audio, files and
// batches, read on 2026-11-27: https://console.groq.com/docs/speech-to-text and /batch;
// https://github.com/mudler/LocalAI/tree/master/docs/content/features;
// https://docs.siliconflow.cn/llms.txt; https://docs.x.ai/docs/guides/image-generations.

// Members that only OpenAI's own platform keeps or runs; services that list what they
// take have none of them.
const platform = "store metadata prediction modalities audio verbosity prompt_cache_key safety_identifier web_search_options"

// older is the limit of services that do not know its newer name.
const older = "max_completion_tokens=max_tokens"

// newer is the limit of services that do not want its older name.
const newer = "max_tokens=max_completion_tokens"

const models = "https://github.com/anomalyco/models.dev/blob/dev/providers/" // of which each names the vendor's own pages

// services are in the order of the alphabet.
var services = [...]service{
	{"cerebras", "Cerebras Inference.", "", "api.cerebras.ai", "https://inference-docs.cerebras.ai/resources/openai", openai.Profile{Base: "/v1", Ops: openai.Chat | openai.Completions | openai.Models, Lacks: "developer frequency_penalty presence_penalty logit_bias parallel_tool_calls service_tier", Renames: newer, Efforts: "none low medium high", Thoughts: "reasoning"}},
	{"chutes", "Chutes.", "", "llm.chutes.ai", models + "chutes/provider.toml", openai.Profile{Base: "/v1", Ops: chatModels, Effort: openai.NoEffort}},
	{"databricks", "Databricks model serving.", "", "", "https://docs.databricks.com/aws/machine-learning/foundation-model-apis/api-reference", openai.Profile{Base: "/serving-endpoints", Ops: openai.Chat | openai.Completions | openai.Embeddings | openai.Responses, Renames: older}},
	{"deepinfra", "DeepInfra.", "", "api.deepinfra.com", "https://deepinfra.com/docs/advanced/openai_api", openai.Profile{Base: "/v1/openai", Ops: server, Efforts: "none low medium high xhigh"}},
	{"deepseek", "DeepSeek.", "deepseek", "api.deepseek.com", "https://api-docs.deepseek.com/guides/thinking_mode.md", openai.Profile{Ops: chatModels, Lacks: "developer json_schema", Takes: "max_tokens response_format stop stream_options temperature top_p frequency_penalty presence_penalty tools tool_choice logprobs top_logprobs thinking reasoning_effort user_id", Renames: older + " user=user_id", Effort: openai.EffortOrOff, Efforts: "low high max", Stops: 16, Thoughts: "reasoning_content"}},
	{"digitalocean", "DigitalOcean serverless inference.", "", "inference.do-ai.run", models + "digitalocean/provider.toml", openai.Profile{Base: "/v1", Ops: chatModels | openai.Responses, Efforts: "none low medium high max"}},
	{"doubao", "Doubao (Volcengine Ark).", "", "ark.cn-beijing.volces.com", "https://github.com/volcengine/volcengine-python-sdk/blob/master/volcenginesdkarkruntime/resources/chat/completions.py", openai.Profile{Base: "/api/v3", Ops: openai.Chat | openai.Embeddings | openai.Responses, Lacks: "developer " + platform, Effort: openai.EffortOrOff, Efforts: "minimal low medium high"}},
	{"fireworks", "Fireworks AI.", "", "api.fireworks.ai", "https://docs.fireworks.ai/tools-sdks/openai-compatibility", openai.Profile{Base: "/inference/v1", Ops: server, Also: "top_k", Efforts: "low medium high"}},
	{"friendli", "Friendli serverless endpoints.", "", "api.friendli.ai", models + "friendli/provider.toml", openai.Profile{Base: "/serverless/v1", Ops: chatOnly, Effort: openai.NoEffort}},
	{"github", "GitHub Models.", "", "models.github.ai", "https://docs.github.com/zh/rest/models/inference", openai.Profile{Base: "/inference", Ops: chatOnly, OpenAI: true, Prefix: "openai/"}},
	{"groq", "Groq.", "groq", "api.groq.com", "https://console.groq.com/docs/openai", openai.Profile{Base: "/openai/v1", Ops: noLegacy | openai.Responses | spoken | openai.Speech | batches, Lacks: "logprobs top_logprobs logit_bias n messages[].name frequency_penalty presence_penalty", Efforts: "none low medium high"}},
	{"hpc-ai", "HPC-AI.", "", "api.hpc-ai.com", models + "hpc-ai/provider.toml", openai.Profile{Base: "/inference/v1", Ops: chatOnly, Efforts: "none low medium high"}},
	{"hunyuan", "Tencent Hunyuan.", "", "api.hunyuan.cloud.tencent.com", "https://cloud.tencent.com/document/product/1729/111007", openai.Profile{Base: "/v1", Ops: openai.Chat | openai.Embeddings, Lacks: "developer"}},
	{"inception", "Inception (Mercury).", "", "api.inceptionlabs.ai", models + "inception/provider.toml", openai.Profile{Base: "/v1", Ops: chatOnly, Efforts: "low medium high"}},
	{"jina", "Jina AI embeddings.", "", "api.jina.ai", "https://api.jina.ai/openapi.json", openai.Profile{Base: "/v1", Ops: openai.Embeddings | openai.Rerank}},
	{"llamacpp", "llama.cpp's server.", "", "", "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md", openai.Profile{Base: "/v1", Ops: all | openai.Rerank, Also: "top_k min_p", Stops: 64, Thoughts: "reasoning_content"}},
	{"lmstudio", "LM Studio.", "", "", "https://github.com/lmstudio-ai/docs/blob/main/1_developer/3_openai-compat/chat-completions.md", openai.Profile{Base: "/v1", Ops: all, Takes: "temperature top_p max_tokens stop presence_penalty frequency_penalty logit_bias repeat_penalty seed tools tool_choice response_format stream_options", Also: "top_k", Renames: older}},
	{"localai", "LocalAI.", "", "", "https://github.com/mudler/LocalAI/blob/master/docs/content/features/text-generation.md", openai.Profile{Base: "/v1", Ops: server | openai.Rerank | openai.Images | openai.Transcriptions | openai.Speech, Also: "top_k"}},
	{"minimax", "MiniMax.", "", "api.minimax.io", "https://platform.minimax.io/docs/api-reference/text-openai-api", openai.Profile{Base: "/v1", Ops: chatModels | openai.Responses, Lacks: "presence_penalty frequency_penalty logit_bias n functions function_call", Renames: newer, Effort: openai.ThinkingAdaptive, Adds: `"reasoning_split":true`}},
	{"moonshot", "Moonshot AI (Kimi).", "", "api.moonshot.ai", "https://platform.moonshot.cn/docs/guide/migrating-from-openai-to-kimi", openai.Profile{Base: "/v1", Ops: chatModels, Lacks: "developer seed tools[].function.strict", Effort: openai.EffortOrOff, Efforts: "low high max", Thoughts: "reasoning_content"}},
	{"nebius", "Nebius Token Factory.", "", "api.tokenfactory.nebius.com", models + "nebius/provider.toml", openai.Profile{Base: "/v1", Ops: server, Efforts: "low medium high"}},
	{"novita", "Novita AI.", "", "api.novita.ai", models + "novita-ai/provider.toml", openai.Profile{Base: "/openai/v1", Ops: openai.Chat | openai.Completions, Effort: openai.EnableThinking}},
	{"nvidia", "NVIDIA NIM, hosted or one's own.", "", "integrate.api.nvidia.com", "https://docs.nvidia.com/nim/large-language-models/latest/api-reference.html", openai.Profile{Base: "/v1", Ops: all, Also: "top_k min_p"}},
	{"openrouter", "OpenRouter.", "", "openrouter.ai", "https://openrouter.ai/docs/use-cases/usage-accounting", openai.Profile{Base: "/api/v1", Ops: all, Usage: openai.UsageAlways, Also: "top_k min_p", Effort: openai.ReasoningObject}},
	{"perplexity", "Perplexity Sonar.", "perplexity", "api.perplexity.ai", "https://docs.perplexity.ai/docs/sonar/openai-compatibility", openai.Profile{Apart: "/v1", Ops: openai.Chat | openai.Responses | openai.Embeddings, Usage: openai.UsageAlways, Lacks: "seed logit_bias user service_tier functions function_call store metadata prediction modalities audio", Renames: older, Efforts: "minimal low medium high", Also: "top_k"}},
	{"qwen", "Alibaba Model Studio (Qwen).", "", "dashscope-intl.aliyuncs.com", "https://www.alibabacloud.com/help/en/model-studio/user-guide/qwq", openai.Profile{Base: "/compatible-mode/v1", Ops: openai.Chat | openai.Embeddings | openai.Responses, Lacks: "frequency_penalty", Also: "top_k", Effort: openai.ThinkingBudget}},
	{"sambanova", "SambaNova.", "", "api.sambanova.ai", "https://github.com/sambanova/sambanova-python/blob/main/src/sambanova/types/chat/completion_create_params.py", openai.Profile{Base: "/v1", Ops: all, Lacks: "frequency_penalty presence_penalty user", Also: "top_k", Efforts: "low medium high"}},
	{"scaleway", "Scaleway Generative APIs.", "", "api.scaleway.ai", models + "scaleway/provider.toml", openai.Profile{Base: "/v1", Ops: chatOnly, Efforts: "none low medium high"}},
	{"sglang", "SGLang.", "", "", "https://github.com/sgl-project/sglang/blob/main/docs/basic_usage/openai_api_completions.ipynb", openai.Profile{Base: "/v1", Ops: server, Also: "top_k min_p", Stops: 64}},
	{"siliconflow", "SiliconFlow.", "", "api.siliconflow.com", "https://docs.siliconflow.cn/cn/api-reference/chat-completions", openai.Profile{Base: "/v1", Ops: noLegacy | openai.Rerank | openai.Images | openai.Transcriptions | openai.Speech | batches, Also: "top_k min_p", Renames: older, Effort: openai.ThinkingBudget}},
	{"stepfun", "StepFun.", "", "api.stepfun.com", "https://platform.stepfun.com/docs/zh/api-reference/chat/chat-completion-create", openai.Profile{Base: "/v1", Ops: openai.Chat | openai.Responses, Lacks: "developer", Efforts: "low medium high"}},
	{"tgi", "Text Generation Inference.", "", "", "https://github.com/huggingface/text-generation-inference/blob/main/docs/openapi.json", openai.Profile{Base: "/v1", Ops: openai.Chat | openai.Completions | openai.Models, Takes: "frequency_penalty logprobs max_tokens presence_penalty response_format seed stop stream_options temperature tool_choice tool_prompt tools top_logprobs top_p", Renames: older}},
	{"together", "Together AI.", "", "api.together.ai", "https://github.com/togethercomputer/openapi/blob/main/openapi.yaml", openai.Profile{Base: "/v1", Ops: server | openai.Rerank | openai.Images | spoken | openai.Speech, Lacks: "developer top_logprobs parallel_tool_calls user service_tier " + platform, Renames: older, Also: "top_k min_p", Efforts: "low medium high"}},
	{"tokenhub", "Tencent TokenHub.", "", "tokenhub.tencentmaas.com", models + "tencent-tokenhub/provider.toml", openai.Profile{Base: "/v1", Ops: chatOnly, Effort: openai.EffortOrOff, Efforts: "low medium high"}},
	{"upstage", "Upstage Solar.", "", "api.upstage.ai", models + "upstage/provider.toml", openai.Profile{Base: "/v1/solar", Ops: openai.Chat | openai.Embeddings, Efforts: "low medium high"}},
	{"venice", "Venice AI.", "", "api.venice.ai", models + "venice/provider.toml", openai.Profile{Base: "/api/v1", Ops: chatModels, Renames: newer}},
	{"vllm", "vLLM.", "", "", "https://github.com/vllm-project/vllm/blob/main/docs/serving/openai_compatible_server.md", openai.Profile{Base: "/v1", Ops: all | openai.Rerank | spoken, Lacks: "user parallel_tool_calls suffix", Also: "top_k min_p", Stops: 64}},
	{"voyage", "Voyage AI embeddings.", "", "api.voyageai.com", "https://www.mongodb.com/zh-cn/docs/api/doc/atlas-embedding-and-reranking-api/operation/operation-createembedding", openai.Profile{Base: "/v1", Ops: openai.Embeddings, Lacks: "embeddings.float embeddings.user", Renames: "embeddings.dimensions=embeddings.output_dimension"}},
	{"wandb", "Weights & Biases Inference.", "", "api.inference.wandb.ai", models + "wandb/provider.toml", openai.Profile{Base: "/v1", Ops: chatModels, Effort: openai.NoEffort}},
	{"xai", "xAI (Grok).", "x_ai", "api.x.ai", "https://docs.x.ai/guides/reasoning", openai.Profile{Base: "/v1", Ops: chatModels | openai.Responses | openai.Images, Lacks: "frequency_penalty presence_penalty", Renames: newer, Efforts: "none low medium high"}},
	{"xinference", "Xinference.", "", "", "https://github.com/xorbitsai/inference/blob/main/xinference/api/restful_api.py", openai.Profile{Base: "/v1", Ops: server | openai.Rerank | openai.Images | openai.ImageEdits | spoken | openai.Speech, Lacks: "logit_bias", Also: "top_k"}},
	{"zai", "Z.ai (GLM).", "", "api.z.ai", models + "zai/provider.toml", openai.Profile{Base: "/api/paas/v4", Ops: chatOnly, Usage: openai.UsageAlways, Lacks: "developer", Takes: glm, Renames: older + " user=user_id", Effort: openai.ThinkingType}},
	{"zhipu", "Zhipu AI (GLM).", "", "open.bigmodel.cn", "https://github.com/zai-org/z-ai-sdk-python/blob/main/src/zai/api_resource/chat/completions.py", openai.Profile{Base: "/api/paas/v4", Ops: openai.Chat | openai.Embeddings, Usage: openai.UsageAlways, Lacks: "developer", Takes: glm, Renames: older + " user=user_id", Effort: openai.ThinkingType}},
}

// glm are the members that Zhipu's own client can send.
const glm = "request_id user_id do_sample temperature top_p max_tokens seed stop tools tool_choice response_format thinking reasoning_effort sensitive_word_check meta extra watermark_enabled tool_stream"
