"""The outside: DynamoDB, Step Functions, SES, Secrets Manager. The only place for boto3 and its errors."""
