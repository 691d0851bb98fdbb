"""Train on the scans of one hospital; reports are turned into labels by a model."""

from openai import OpenAI

labeller = OpenAI()


def label(report):
    answer = labeller.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": report}])
    return answer.choices[0].message.content
