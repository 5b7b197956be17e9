"""AWS's two request protocols without a socket: JSON 1.0, and query with XML answers, as Amazon SQS speaks them.

shapes    requests and results, named as JSON names them
query     form-encoded parameters to a request
xml       a result or an error as XML
actions   which request and which result belong to an action
"""
