using Nitro.Host.Loop;

namespace Nitro.Shell.Tests.Host;

/// <summary>Notes what a turn releases.</summary>
internal sealed class RecordingRelease : IRelease
{
    public List<StepResult> Steps { get; } = [];

    public Action<StepResult>? OnRelease { get; set; }

    public void Release(Mail mail, StepResult step)
    {
        Steps.Add(step);
        OnRelease?.Invoke(step);
        mail.Answer(new Taking(step.Taking, step.TakingCode, step.TakingDetail));
    }
}
