using System.Globalization;

namespace Nitro.Cli.Demo;

/// <summary>One line a step, for logs and pipes.</summary>
internal sealed class PlainView(TextWriter output) : IDemoView
{
    /// <inheritdoc/>
    public Task RunAsync(Func<Task> story) => story();

    /// <inheritdoc/>
    public IStepView Begin(string title) => new Step(title, output);

    private sealed class Step(string title, TextWriter output) : IStepView
    {
        public void Waiting(string what)
        {
            // A line for each poll would bury the rest.
        }

        public void Progress(int done, int total)
        {
        }

        public void End(bool succeeded, TimeSpan time, string outcome) => output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{(succeeded ? "ok    " : "FAILED")} {time.TotalSeconds,6:0.0} s  {title}{(outcome.Length > 0 ? ": " + outcome : string.Empty)}"));
    }
}
