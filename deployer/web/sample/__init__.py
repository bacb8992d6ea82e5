"""Sample data for development: a believable month of GOV.UK's, and as much history behind it as is asked for.

`month.make_sample` puts it together. What is past is written in bulk (`history`, `journeys`, `tables`); what people did
in the month, and everything of today, happens through the same actions and engine as in production (`acts`, `scenes`),
with `stage` playing the outside.
"""
