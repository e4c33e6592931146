"""What is true and what wins: the condition language and the laws of a decision. Knows no file and no clock."""
