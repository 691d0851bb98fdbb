provider "aws" {
  region = var.region
}

provider "aws" {
  alias  = "models"
  region = "us-east-1"
}

resource "aws_bedrockagent_agent" "summaries" {
  provider         = aws.models
  agent_name       = "summaries"
  foundation_model = "anthropic.claude-3-haiku-20240307-v1:0"
}
