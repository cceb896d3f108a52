namespace Nitro.Shell.Tests.JournalTools;

/// <summary>What is written, and when a certain text was among it.</summary>
internal sealed class AwaitedText(string wanted) : StringWriter
{
    private readonly TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the text.</summary>
    public Task Seen => seen.Task;

    public override Task WriteLineAsync(string? value)
    {
        if (value?.Contains(wanted, StringComparison.Ordinal) == true)
        {
            seen.TrySetResult();
        }

        return base.WriteLineAsync(value);
    }
}
